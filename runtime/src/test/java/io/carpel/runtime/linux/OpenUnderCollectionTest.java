package io.carpel.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the kernel reads while it opens a file must live until it has: a collection at that moment
/// would give it to somebody else, and with it the flags that keep a path inside its root.
final class OpenUnderCollectionTest {
    private static final int O_PATH = 0x20_0000;
    private static final int ROUNDS = 60_000;

    @Test
    void aCollectionTakesNothingThatTheKernelStillReads(@TempDir Path directory) throws Exception {
        FileCalls files = new LinuxFileCalls();
        AtomicBoolean done = new AtomicBoolean();
        Thread collector =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!done.get()) {
                                System.gc();
                                ByteBuffer.allocateDirect(24).putLong(0, -1).putLong(8, -1);
                            }
                        });
        int opened = 0;
        try (Fd root = files.open(directory.toString(), O_PATH, 0)) {
            for (int round = 0; round < ROUNDS; round++) {
                try (Fd file = files.openat2(root, ".", O_PATH, 0, FileCalls.RESOLVE_BENEATH)) {
                    opened += file.number() >= 0 ? 1 : 0;
                }
            }
        } finally {
            done.set(true);
            collector.join();
        }
        assertThat(opened).isEqualTo(ROUNDS);
    }
}
