package io.carpel.runtime.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.lifecycle.Rollback;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class JanitorTest {
    private final WorkBoard board = new WorkBoard(Clock.systemUTC());

    @Test
    void triesAgainUntilItWorksAndShowsItMeanwhile() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        Rollback undo = new Rollback();
        try (Janitor janitor = new Janitor(board, Duration.ofMillis(1))) {
            undo.add(
                    janitor.undo(
                            Subject.sandbox("s"),
                            "detach the network",
                            () -> {
                                int attempt = attempts.incrementAndGet();
                                if (attempt == 3) {
                                    assertThat(board.of("s"))
                                            .singleElement()
                                            .satisfies(item ->
                                                    assertThat(item.step())
                                                            .isEqualTo("detach the network"));
                                }
                                if (attempt < 4) {
                                    throw new IOException("busy");
                                }
                                done.countDown();
                            }));
            // Not thrown: the failure that led to the undo is what the caller is to hear of.
            undo.close();
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        }
        while (!board.list().isEmpty()) {
            Thread.onSpinWait();
        }
        assertThat(attempts).hasValue(4);
    }

    @Test
    void whatWorksAtOnceIsNobodysWork() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        try (Janitor janitor = new Janitor(board, Duration.ofMillis(1))) {
            janitor.undo(Subject.sandbox("s"), "x", attempts::incrementAndGet).run();
        }
        assertThat(attempts).hasValue(1);
        assertThat(board.list()).isEmpty();
    }

    @Test
    void endsWithItsProcess() throws Exception {
        Janitor janitor = new Janitor(board, Duration.ofMillis(1));
        CountDownLatch tried = new CountDownLatch(2);
        janitor.undo(
                        Subject.sandbox("s"),
                        "x",
                        () -> {
                            tried.countDown();
                            throw new IOException("never");
                        })
                .run();
        assertThat(tried.await(20, TimeUnit.SECONDS)).isTrue();
        janitor.close();
        while (!board.list().isEmpty()) {
            Thread.onSpinWait();
        }
    }
}
