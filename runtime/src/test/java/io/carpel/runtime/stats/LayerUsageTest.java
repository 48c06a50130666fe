package io.carpel.runtime.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.store.StateLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LayerUsageTest {
    private static final String ID = "ab".repeat(32);
    private static final int MEBIBYTE = 1 << 20;

    @TempDir Path directory;

    private volatile Instant now = Instant.ofEpochSecond(1000);
    private StateLayout layout;
    private LayerUsage usage;
    private Path upper;

    @BeforeEach
    void layer() throws IOException {
        layout = StateLayout.under(directory);
        upper = Files.createDirectories(layout.upper(ID));
        usage = new LayerUsage(layout, new LinuxFileCalls(), () -> now);
    }

    @AfterEach
    void close() {
        usage.close();
    }

    private LayerUsage.Usage measured() {
        await(() -> usage.last(ID).isPresent() ? 1 : 0, 1);
        return usage.last(ID).orElseThrow();
    }

    private static void await(LongSupplier value, long wanted) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (value.getAsLong() != wanted) {
            assertThat(System.nanoTime())
                    .as("waited in vain for %d, last %d", wanted, value.getAsLong())
                    .isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void countsWhatIsAllocatedAndEachFileOnce() throws IOException {
        Files.createDirectories(upper.resolve("a/b"));
        Files.write(upper.resolve("a/b/big"), new byte[MEBIBYTE]);
        Files.createLink(upper.resolve("second-name"), upper.resolve("a/b/big"));
        try (RandomAccessFile sparse =
                new RandomAccessFile(upper.resolve("sparse").toString(), "rw")) {
            sparse.setLength(1L << 30);
        }
        Path outside = Files.write(directory.resolve("outside"), new byte[4 * MEBIBYTE]);
        Files.createSymbolicLink(upper.resolve("link"), outside);
        LayerUsage.Usage found = measured();
        // upper, a, b, big, sparse, link
        assertThat(found.inodes()).isEqualTo(6);
        assertThat(found.bytes()).isBetween((long) MEBIBYTE, MEBIBYTE + 64L * 1024);
        assertThat(found.at()).isEqualTo(now);
    }

    @Test
    void anOldFigureIsRenewedForTheNextWhoAsks() throws IOException {
        assertThat(measured().inodes()).isEqualTo(1);
        Files.write(upper.resolve("new"), new byte[MEBIBYTE]);
        assertThat(usage.last(ID).orElseThrow().inodes()).isEqualTo(1);
        now = now.plusSeconds(11);
        await(() -> usage.last(ID).orElseThrow().inodes(), 2);
        assertThat(usage.last(ID).orElseThrow().at()).isEqualTo(now);
    }

    @Test
    void aContainerWithoutALayerHasNoFigure() {
        assertThat(usage.last("cd".repeat(32))).isEmpty();
        assertThat(usage.last("cd".repeat(32))).isEqualTo(Optional.empty());
    }

    @Test
    void aForgottenContainerIsMeasuredAnew() throws IOException {
        assertThat(measured().inodes()).isEqualTo(1);
        Files.createFile(upper.resolve("new"));
        usage.forget(ID);
        assertThat(measured().inodes()).isEqualTo(2);
    }
}
