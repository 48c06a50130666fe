package io.carpel.agent.pod;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.grpc.Context;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Joins equal calls. A kubelet whose deadline passes sends the same request again, while the first
/// one's work goes on: the second call waits for that work and gets its result.
///
/// The work runs on a thread of its own, so that no caller's deadline ends it. A result that nobody
/// was left to take is kept for the next equal call until [#forget]. A failure is told to those who
/// wait and kept for nobody: the next call tries afresh.
final class RetryCache<K> {
    private static final Logger LOG = LoggerFactory.getLogger(RetryCache.class);

    private final ConcurrentMap<K, Attempt> attempts = new ConcurrentHashMap<>();
    private final Executor executor;
    private final BiPredicate<K, String> current;

    /// @param executor runs the work, each on a thread that may block
    /// @param current whether the object of this id still is the one of this name
    RetryCache(Executor executor, BiPredicate<K, String> current) {
        this.executor = executor;
        this.current = current;
    }

    /// Work under way or done, and how many wait for it.
    private static final class Attempt {
        private final CompletableFuture<String> result = new CompletableFuture<>();
        private final AtomicInteger waiting = new AtomicInteger();
    }

    /// Does `work` unless an equal call does or did it already.
    ///
    /// @return the id that the work returned
    /// @throws DeadlineExceededException when the caller's time is over, while the work goes on
    String call(K key, Supplier<String> work) {
        Attempt mine = new Attempt();
        Attempt attempt =
                attempts.compute(
                        key, (_, known) -> known == null || isStale(key, known) ? mine : known);
        attempt.waiting.incrementAndGet();
        if (attempt == mine) {
            executor.execute(() -> run(key, mine, work));
        }
        try {
            String id = await(attempt.result);
            attempts.remove(key, attempt);
            return id;
        } finally {
            attempt.waiting.decrementAndGet();
        }
    }

    // Kept for a retry, and removed before the retry came.
    private boolean isStale(K key, Attempt attempt) {
        return attempt.result.isDone()
                && !attempt.result.isCompletedExceptionally()
                && !current.test(key, attempt.result.join());
    }

    /// Drops a result that nobody took, since what it names is gone.
    void forget(String id) {
        attempts.values()
                .removeIf(attempt ->
                        attempt.result.isDone()
                                && !attempt.result.isCompletedExceptionally()
                                && attempt.result.join().equals(id));
    }

    @SuppressWarnings("CatchingUnchecked") // whatever the work throws belongs to those who wait
    private void run(K key, Attempt attempt, Supplier<String> work) {
        try {
            attempt.result.complete(work.get());
        } catch (Throwable e) {
            // Out of the map first: a call that comes now begins anew.
            attempts.remove(key, attempt);
            if (attempt.waiting.get() == 0) {
                LOG.warn("{} failed after its caller had gone", key, e);
            }
            attempt.result.completeExceptionally(e);
        }
    }

    private static String await(CompletableFuture<String> result) {
        Context context = Context.current();
        CompletableFuture<Object> gone = new CompletableFuture<>();
        Context.CancellationListener listener = ended -> gone.complete(ended);
        context.addListener(listener, Runnable::run);
        try {
            CompletableFuture.anyOf(result, gone).join();
            if (result.isDone() && !context.isCancelled()) {
                return result.join();
            }
            throw ended(context);
        } catch (CompletionException | CancellationException e) {
            throw rethrow(e);
        } finally {
            context.removeListener(listener);
        }
    }

    private static ContainerRuntimeException ended(Context context) {
        return context.cancellationCause() instanceof TimeoutException
                ? new DeadlineExceededException("the caller's deadline passed; the work goes on")
                : new CancelledException("the caller has gone; the work goes on");
    }

    // The same failure may be told to several callers, so it is handed on as it is.
    private static RuntimeException rethrow(RuntimeException failure) {
        return switch (failure.getCause()) {
            case RuntimeException cause -> cause;
            case Error cause -> throw cause;
            case null, default -> failure;
        };
    }
}
