package io.carpel.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ErrnoTest {
    @TempDir Path directory;

    private static int of(Action action) {
        return Errno.of(catchThrowable(action::run));
    }

    @FunctionalInterface
    private interface Action {
        void run() throws Exception;
    }

    /// Whatever words the JDK has for it.
    @Test
    void isThatOfTheSystemCallThatFailed() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        assertThat(of(() -> Files.delete(directory.resolve("none")))).isEqualTo(Errno.ENOENT);
        assertThat(of(() -> Files.createFile(file))).isEqualTo(Errno.EEXIST);
        assertThat(of(() -> Files.delete(directory))).isEqualTo(Errno.ENOTEMPTY);
        assertThat(of(() -> Files.readString(file.resolve("below")))).isEqualTo(Errno.ENOTDIR);
        assertThat(of(() -> Files.readString(directory))).isEqualTo(Errno.EISDIR);
        assertThat(of(() -> Files.createSymbolicLink(Path.of("/proc/sys/link"), file)))
                .isIn(Errno.EPERM, Errno.EACCES, Errno.ENOENT);
        assertThat(
                        of(() ->
                                Files.write(
                                        Path.of("/dev/full"),
                                        new byte[1],
                                        StandardOpenOption.WRITE)))
                .isEqualTo(Errno.ENOSPC);
    }

    /// A host whose C library speaks another language gives the JDK that one's words.
    @Test
    void isFoundByTheWordsOfThisProcessesLibrary() {
        for (int number : new int[] {Errno.EBUSY, Errno.ENOSPC, Errno.EDQUOT, Errno.EINVAL}) {
            String words = ErrorTexts.text(number);
            assertThat(Errno.of(new IOException(words))).isEqualTo(number);
            assertThat(Errno.of(new FileSystemException("/x", null, words))).isEqualTo(number);
        }
        assertThat(Errno.of(new IOException("stream closed"))).isZero();
        assertThat(Errno.of(new FileSystemException("/x"))).isZero();
        assertThat(Errno.of(new IllegalStateException(ErrorTexts.text(Errno.EBUSY)))).isZero();
    }
}
