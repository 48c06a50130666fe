package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A directory that is exchanged for a link while its tree is being removed leads the removal to
/// nothing of the host's.
@Timeout(60)
final class SecurityProperty26RemovalStaysInsideTest {
    private static final int ROUNDS = 300;
    private static final int FILES_EACH = 20;
    private static final FileCalls FILES = new LinuxFileCalls();

    @TempDir Path directory;

    @Test
    void whileADirectoryIsExchangedForALink() throws Exception {
        Path host = fill(directory.resolve("host"));
        AtomicBoolean over = new AtomicBoolean();
        Thread swapper = Thread.ofPlatform().start(() -> swap(directory.resolve("tree"), over));
        try {
            for (int round = 0; round < ROUNDS; round++) {
                Path tree = Files.createDirectory(directory.resolve("tree"));
                Files.createSymbolicLink(tree.resolve("link"), host);
                fill(tree.resolve("dir"));
                while (Files.exists(tree)) {
                    removeOrLose();
                }
            }
        } finally {
            over.set(true);
            swapper.join();
        }
        for (int i = 0; i < FILES_EACH; i++) {
            assertThat(host.resolve("file" + i)).hasContent("untouched");
        }
    }

    private static Path fill(Path made) throws IOException {
        Files.createDirectory(made);
        for (int i = 0; i < FILES_EACH; i++) {
            Files.writeString(made.resolve("file" + i), "untouched");
        }
        return made;
    }

    private void removeOrLose() throws ErrnoException {
        try (Fd holder = FILES.open(directory.toString(), FileCalls.O_RDONLY, 0)) {
            TreeRemoval.remove(FILES, holder, "tree");
        } catch (ErrnoException _) {
            // losing the race is an error of this removal, not a hole
        }
    }

    private static void swap(Path tree, AtomicBoolean over) {
        while (!over.get()) {
            try (Fd inside = FILES.open(tree.toString(), FileCalls.O_PATH, 0)) {
                for (int i = 0; i < 1000; i++) {
                    FILES.renameat2(inside, "dir", inside, "link", FileCalls.RENAME_EXCHANGE);
                }
            } catch (ErrnoException _) {
                Thread.onSpinWait(); // one of them is gone, or not made yet
            }
        }
    }
}
