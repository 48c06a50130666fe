package io.carpel.agent.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.image.Cancellation;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ArchiveThreadsTest {
    private final ArchiveThreads threads = new ArchiveThreads(1, Duration.ofMillis(10));

    @Test
    void givesResultsAndFailuresAsTheyAre() {
        Cancellation never = new Cancellation();
        assertThat(threads.run("import a", never, () -> Thread.currentThread().isVirtual()))
                .isFalse();
        assertThatThrownBy(() ->
                        threads.run(
                                "import a",
                                never,
                                () -> {
                                    throw new NotFoundException("archive a does not exist");
                                }))
                .isInstanceOf(NotFoundException.class)
                .hasMessage("archive a does not exist");
        assertThat(threads.run("import a", never, () -> 1)).isEqualTo(1);
    }

    @Test
    void leavesOneThatHangsBehindAndCountsItUntilItIsLetGo() throws Exception {
        CountDownLatch server = new CountDownLatch(1);
        Cancellation cancellation = new Cancellation();
        assertThatThrownBy(() ->
                        threads.run(
                                "import /dead/a",
                                cancellation,
                                () -> {
                                    cancellation.cancel();
                                    awaitQuietly(server);
                                    return 1;
                                }))
                .isInstanceOf(CancelledException.class)
                .hasMessageContaining("import /dead/a");
        assertThatThrownBy(() -> threads.run("export b", new Cancellation(), () -> 1))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessageContaining("cannot export b: 1 archives");
        server.countDown();
        while (!runs()) {
            Thread.onSpinWait();
        }
    }

    private boolean runs() {
        try {
            return threads.run("export b", new Cancellation(), () -> true);
        } catch (ResourceExhaustedException _) {
            return false;
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
