package io.carpel.runtime.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessCounterTest {
    /// As kernel 6.18 writes it.
    private static final String LIMITS =
            """
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              unlimited            unlimited            seconds
            Max processes             95973                95973                processes
            Max open files            1024                 524288               files
            Max locked memory         8388608              8388608              bytes
            """;

    @TempDir Path proc;

    private Instant now = Instant.ofEpochSecond(1000);
    private ProcessCounter counter;

    @BeforeEach
    void open() {
        counter = new ProcessCounter(proc, () -> now);
    }

    private void process(int pid, int files, int sockets) throws IOException {
        Path fd = Files.createDirectories(proc.resolve(pid + "/fd"));
        for (int n = 0; n < files + sockets; n++) {
            // Where they lead does not exist: nothing may follow them.
            Files.createSymbolicLink(
                    fd.resolve(Integer.toString(n)),
                    Path.of(n < files ? "/dev/pts/" + n : "socket:[" + n + "]"));
        }
        Files.writeString(proc.resolve(pid + "/limits"), LIMITS);
    }

    @Test
    void descriptorsAndSocketsOfAllProcessesAreAdded() throws IOException {
        process(7, 3, 1);
        process(8, 1, 2);
        assertThat(counter.count("a", List.of(7, 8), Optional.of(7)))
                .contains(new ProcessCounts(2, 7, 3, Optional.of(1024L)));
    }

    @Test
    void oneThatEndsMeanwhileHoldsNothing() throws IOException {
        process(7, 3, 1);
        assertThat(counter.count("a", List.of(7, 9), Optional.of(9)))
                .contains(new ProcessCounts(2, 4, 1, Optional.empty()));
        assertThat(counter.count("a", List.of(), Optional.of(7))).isEmpty();
    }

    @Test
    void theLimitsOfAPidThatIsNotTheContainersAreNotAsked() throws IOException {
        process(7, 1, 0);
        process(8, 1, 0);
        assertThat(counter.count("a", List.of(8), Optional.of(7)).orElseThrow().openFileLimit())
                .isEmpty();
    }

    @Test
    void anUnlimitedNumberOfFilesIsNoNumber() throws IOException {
        process(7, 1, 0);
        Files.writeString(
                proc.resolve("7/limits"),
                "Max open files            unlimited            unlimited            files\n");
        assertThat(counter.count("a", List.of(7), Optional.of(7)).orElseThrow().openFileLimit())
                .isEmpty();
    }

    @Test
    void manyProcessesAreCountedBesidesAndKeptForAWhile() throws IOException {
        List<Integer> pids = IntStream.range(100, 140).boxed().toList();
        for (int pid : pids) {
            process(pid, 1, 1);
        }
        awaitCounts(pids, new ProcessCounts(40, 80, 40, Optional.of(1024L)));
        process(140, 5, 0);
        List<Integer> more = IntStream.range(100, 141).boxed().toList();
        // The processes are known at once, the rest is of the last look.
        assertThat(counter.count("a", more, Optional.of(100)))
                .contains(new ProcessCounts(41, 80, 40, Optional.of(1024L)));
        now = now.plusSeconds(60);
        awaitCounts(more, new ProcessCounts(41, 85, 40, Optional.of(1024L)));
    }

    private void awaitCounts(List<Integer> pids, ProcessCounts wanted) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!counter.count("a", pids, Optional.of(100)).equals(Optional.of(wanted))) {
            assertThat(System.nanoTime()).as("waited in vain for %s", wanted).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void aProcessWithManyDescriptorsIsLookedAtOnlyNowAndThen() throws IOException {
        process(7, 600, 0);
        assertThat(counter.count("a", List.of(7), Optional.empty()).orElseThrow().descriptors())
                .isEqualTo(600);
        Files.createSymbolicLink(proc.resolve("7/fd/9999"), Path.of("pipe:[1]"));
        assertThat(counter.count("a", List.of(7), Optional.empty()).orElseThrow().descriptors())
                .isEqualTo(600);
        counter.forget("a");
        assertThat(counter.count("a", List.of(7), Optional.empty()).orElseThrow().descriptors())
                .isEqualTo(601);
    }
}
