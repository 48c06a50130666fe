package io.carpel.runtime.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A container that fills a directory must not fill the heap of whoever measures or deletes it:
/// names of more bytes than the heap has are gone through in a process of their own.
@Timeout(120)
final class HugeDirectoryTest {
    private static final String ID = "cd".repeat(32);
    private static final int INODES = 2;
    private static final int LINKS = 40_000; // ext4 takes 65000
    private static final String LONG_NAME = "n".repeat(240);

    @TempDir Path directory;

    @Test
    void isMeasuredAndDeletedInASmallHeap() throws Exception {
        Path upper = Files.createDirectories(StateLayout.under(directory).upper(ID));
        for (int inode = 0; inode < INODES; inode++) {
            Path first = Files.createFile(upper.resolve(LONG_NAME + inode));
            for (int i = 1; i < LINKS; i++) {
                Files.createLink(upper.resolve(LONG_NAME + inode + "-" + i), first);
            }
        }
        Path output = directory.resolve("output");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx20m",
                                "-XX:+UseSerialGC",
                                "-XX:+ExitOnOutOfMemoryError",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                HugeDirectoryTest.class.getName(),
                                directory.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as("exit, %s", Files.readString(output)).isZero();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(output, StandardCharsets.UTF_8))
                .contains(1 + INODES + " inodes");
        assertThat(upper).doesNotExist();
    }

    /// Measures the layer, then deletes it.
    public static void main(String[] arguments) throws IOException {
        StateLayout layout = StateLayout.under(Path.of(arguments[0]));
        try (LayerUsage usage = new LayerUsage(layout, new LinuxFileCalls(), Clock.systemUTC())) {
            while (usage.last(ID).isEmpty()) {
                LockSupport.parkNanos(1_000_000);
            }
            System.out.println(usage.total(List.of(ID)).inodes() + " inodes");
        }
        Files.createDirectories(layout.trash());
        try (Trash trash = Trash.open(new LinuxFileCalls(), layout.trash())) {
            Files.delete(layout.trash()); // on the spot, so that its end can be waited for
            trash.remove(layout.writable(ID));
        }
    }
}
