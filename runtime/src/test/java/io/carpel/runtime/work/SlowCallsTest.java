package io.carpel.runtime.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class SlowCallsTest {
    private final WorkBoard board = new WorkBoard(Clock.systemUTC());
    private final SlowCalls calls = new SlowCalls(board, 2, Duration.ofMillis(50));
    private final CountDownLatch obstacle = new CountDownLatch(1);

    /// As a thread in a system call that no signal ends.
    private String hang() {
        boolean gone = false;
        while (!gone) {
            try {
                obstacle.await();
                gone = true;
            } catch (InterruptedException _) {
                // The kernel does not hear it either.
            }
        }
        return "late";
    }

    private void hangAt(String place) {
        assertThatThrownBy(() ->
                        calls.call(spot -> {
                            spot.at(place);
                            return hang();
                        }))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageContaining(place);
    }

    private void awaitNobodyBusy() {
        while (calls.busy() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aThreadThatCannotBeStartedCostsNoPlace() throws IOException {
        var refusals = new AtomicInteger(3);
        var scarce =
                new SlowCalls(
                        board,
                        2,
                        Duration.ofMinutes(1),
                        task -> {
                            if (refusals.getAndDecrement() > 0) {
                                throw new OutOfMemoryError("unable to create native thread");
                            }
                            Thread.ofPlatform().start(task);
                        });
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> scarce.call(_ -> "never"))
                    .isInstanceOf(ResourceExhaustedException.class)
                    .hasMessageContaining("unable to create native thread");
        }
        assertThat(scarce.busy()).isZero();
        assertThat(scarce.<String>call(_ -> "at last")).isEqualTo("at last");
    }

    @Test
    void runsOnAPlatformThreadAndGivesBackWhatItGot() throws IOException {
        assertThat(calls.<Boolean>call(_ -> Thread.currentThread().isVirtual())).isFalse();
        assertThatThrownBy(() ->
                        calls.call(_ -> {
                            throw new IOException("no such file");
                        }))
                .isInstanceOf(IOException.class)
                .hasMessage("no such file");
        awaitNobodyBusy();
    }

    @Test
    void aPlaceThatHangsIsRefusedAtOnceUntilItIsLetGo() throws IOException {
        hangAt("host path /dead");
        assertThatThrownBy(() ->
                        calls.call(spot -> {
                            spot.at("host path /dead");
                            return "never";
                        }))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("host path /dead has not answered for");
        assertThat(
                        calls.<String>call(spot -> {
                            spot.at("host path /fine");
                            return "fine";
                        }))
                .isEqualTo("fine");
        obstacle.countDown();
        awaitNobodyBusy();
        assertThat(
                        calls.<String>call(spot -> {
                            spot.at("host path /dead");
                            return "alive";
                        }))
                .isEqualTo("alive");
    }

    @Test
    void theBoardShowsWhoHangsAfterTheCallerGaveUp() {
        board.run(Subject.container("s", "c"), "create", _ -> hangAt("host path /dead"));
        assertThat(board.of("c"))
                .singleElement()
                .satisfies(item -> assertThat(item.step()).isEqualTo("hang at host path /dead"));
        obstacle.countDown();
        while (!board.list().isEmpty()) {
            Thread.onSpinWait();
        }
    }

    /// A kubelet that starts makes all its pods at once.
    @Test
    void moreAtOnceThanThereMayBeWaitForEachOther() throws Exception {
        SlowCalls patient = new SlowCalls(board, 2, Duration.ofSeconds(20));
        List<Future<Integer>> answers = new ArrayList<>();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 50; i++) {
                int number = i;
                answers.add(
                        callers.submit(() ->
                                patient.call(_ -> {
                                    LockSupport.parkNanos(1_000_000);
                                    return number;
                                })));
            }
        }
        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).get()).isEqualTo(i);
        }
    }

    @Test
    void aCallerThatWaitsForAPlaceIsRefusedInTheEndOrLeaves() throws Exception {
        CountDownLatch inside = new CountDownLatch(2);
        List<Thread> holders = new ArrayList<>();
        SlowCalls patient = new SlowCalls(board, 2, Duration.ofSeconds(3));
        for (int i = 0; i < 2; i++) {
            holders.add(
                    Thread.ofVirtual()
                            .start(() ->
                                    assertThatThrownBy(() ->
                                                    patient.call(spot -> {
                                                        spot.at("host path /same");
                                                        inside.countDown();
                                                        return hang();
                                                    }))
                                            .isInstanceOf(RuntimeException.class)));
        }
        inside.await();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> patient.call(_ -> "never")).isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThatThrownBy(() -> patient.call(_ -> "never"))
                .isInstanceOf(ResourceExhaustedException.class);
        for (Thread holder : holders) {
            holder.join();
        }
        // Both hang now: nobody waits for them.
        long begun = System.nanoTime();
        assertThatThrownBy(() -> patient.call(_ -> "never"))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessageContaining("host path /same");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
        obstacle.countDown();
        while (patient.busy() > 0) {
            Thread.onSpinWait();
        }
        assertThat(patient.<String>call(_ -> "again")).isEqualTo("again");
    }

    @Test
    void onlySoManyHang() {
        hangAt("host path /one");
        hangAt("host path /two");
        assertThat(calls.busy()).isEqualTo(2);
        assertThatThrownBy(() -> calls.call(_ -> "none left"))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessageContaining("/one")
                .hasMessageContaining("/two");
        obstacle.countDown();
        awaitNobodyBusy();
    }

    @Test
    void whatComesBackLateDoesNothingMore() {
        AtomicInteger later = new AtomicInteger();
        assertThatThrownBy(() ->
                        calls.call(spot -> {
                            spot.at("host path /a");
                            hang();
                            spot.at("host path /b");
                            return later.incrementAndGet();
                        }))
                .isInstanceOf(DeadlineExceededException.class);
        obstacle.countDown();
        awaitNobodyBusy();
        assertThat(later).hasValue(0);
    }

    @Test
    void anInterruptedCallerLeaves() throws Exception {
        SlowCalls patient = new SlowCalls(board, 1, Duration.ofHours(1));
        CountDownLatch inside = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread caller =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                patient.call(spot -> {
                                    spot.at("host path /dead");
                                    inside.countDown();
                                    return hang();
                                });
                            } catch (IOException | RuntimeException e) {
                                thrown.set(e);
                            }
                        });
        inside.await();
        caller.interrupt();
        assertThat(caller.join(Duration.ofSeconds(10))).isTrue();
        assertThat(thrown.get()).isInstanceOf(CancelledException.class);
        obstacle.countDown();
    }

    @Test
    void theBoardShowsWhereItHangs() throws Exception {
        SlowCalls patient = new SlowCalls(board, 1, Duration.ofHours(1));
        CountDownLatch inside = new CountDownLatch(1);
        Thread caller =
                Thread.ofVirtual()
                        .start(() ->
                                board.run(
                                        Subject.container("s", "c"),
                                        "create",
                                        work -> {
                                            work.at("prepare the mounts");
                                            try {
                                                patient.call(spot -> {
                                                    spot.at("host path /dead");
                                                    inside.countDown();
                                                    return hang();
                                                });
                                            } catch (IOException e) {
                                                throw new IllegalStateException(e);
                                            }
                                        }));
        inside.await();
        assertThat(board.ofSandbox("s"))
                .singleElement()
                .satisfies(item -> {
                    assertThat(item.call()).isEqualTo("create");
                    assertThat(item.step()).isEqualTo("prepare the mounts: host path /dead");
                    assertThat(item.overdue(item.since().plusSeconds(9))).isFalse();
                    assertThat(item.overdue(item.since().plusSeconds(11))).isTrue();
                });
        obstacle.countDown();
        caller.join();
        assertThat(board.list()).isEmpty();
    }
}
