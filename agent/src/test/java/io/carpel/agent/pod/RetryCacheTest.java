package io.carpel.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.UnavailableException;
import io.grpc.Context;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class RetryCacheTest {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Set<String> alive = ConcurrentHashMap.newKeySet();
    private final Queue<Thread> workers = new ConcurrentLinkedQueue<>();
    private final RetryCache<String> retries =
            new RetryCache<>(
                    work -> workers.add(Thread.ofVirtual().start(work)),
                    (_, id) -> alive.contains(id));
    private final AtomicInteger works = new AtomicInteger();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);

    @AfterEach
    void close() {
        go.countDown();
        executor.shutdownNow();
        timer.shutdownNow();
    }

    private String slow() {
        works.incrementAndGet();
        begun.countDown();
        try {
            go.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        alive.add("id");
        return "id";
    }

    @Test
    void equalCallsShareOneWork() throws Exception {
        Future<String> first = executor.submit(() -> retries.call("web", this::slow));
        begun.await();
        FutureTask<String> second = new FutureTask<>(() -> retries.call("web", this::slow));
        Waiting.untilBlocked(Thread.ofVirtual().start(second));
        go.countDown();
        assertThat(first.get()).isEqualTo("id");
        assertThat(second.get()).isEqualTo("id");
        assertThat(works).hasValue(1);
    }

    @Test
    void otherCallsDoNotWait() throws Exception {
        executor.execute(() -> retries.call("web", this::slow));
        begun.await();
        assertThat(retries.call("db", () -> "other")).isEqualTo("other");
    }

    @Test
    void aCallAfterTheDeadlineOfTheFirstGetsItsResult() throws Exception {
        callUntilDeadline();
        Future<String> retry = executor.submit(() -> retries.call("web", this::slow));
        go.countDown();
        assertThat(retry.get()).isEqualTo("id");
        assertThat(works).hasValue(1);
    }

    @Test
    void aResultThatNobodyTookIsKeptForTheRetry() throws Exception {
        callUntilDeadline();
        go.countDown();
        awaitWork();
        assertThat(retries.call("web", this::slow)).isEqualTo("id");
        assertThat(works).hasValue(1);
        // Taken now: the next call is a new one.
        assertThat(retries.call("web", this::slow)).isEqualTo("id");
        assertThat(works).hasValue(2);
    }

    @Test
    void aResultThatIsGoneIsNotGivenOut() throws Exception {
        callUntilDeadline();
        go.countDown();
        awaitWork();
        alive.clear();
        assertThat(retries.call("web", () -> "fresh")).isEqualTo("fresh");
    }

    @Test
    void aForgottenResultIsNotGivenOut() throws Exception {
        callUntilDeadline();
        go.countDown();
        awaitWork();
        retries.forget("id");
        assertThat(retries.call("web", () -> "fresh")).isEqualTo("fresh");
    }

    @Test
    void aFailureIsToldToAllWhoWaitAndThenForgotten() throws Exception {
        Future<String> first = executor.submit(() -> retries.call("web", this::failing));
        begun.await();
        FutureTask<String> second = new FutureTask<>(() -> retries.call("web", this::failing));
        Waiting.untilBlocked(Thread.ofVirtual().start(second));
        go.countDown();
        assertThatThrownBy(first::get).hasCauseInstanceOf(UnavailableException.class);
        assertThatThrownBy(second::get).hasCauseInstanceOf(UnavailableException.class);
        assertThat(retries.call("web", () -> "fresh")).isEqualTo("fresh");
    }

    private String failing() {
        slow();
        throw new UnavailableException("no network");
    }

    @Test
    void aCallerWhoLeavesIsToldAtOnce() throws Exception {
        Context.CancellableContext context = Context.current().withCancellation();
        Future<String> call = executor.submit(context.wrap(() -> retries.call("web", this::slow)));
        begun.await();
        context.cancel(null);
        assertThatThrownBy(call::get).hasCauseInstanceOf(CancelledException.class);
        assertThat(works).hasValue(1);
    }

    private void callUntilDeadline() throws Exception {
        Context.CancellableContext context =
                Context.current().withDeadlineAfter(50, TimeUnit.MILLISECONDS, timer);
        Future<String> call = executor.submit(context.wrap(() -> retries.call("web", this::slow)));
        assertThatThrownBy(call::get).hasCauseInstanceOf(DeadlineExceededException.class);
        begun.await();
        context.close();
    }

    private void awaitWork() throws InterruptedException {
        for (Thread worker : workers) {
            worker.join();
        }
    }
}
