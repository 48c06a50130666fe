package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class TrashTest {
    @TempDir Path directory;

    @Test
    void aRemovedTreeIsGoneAtOnceAndOffTheDiskLater() throws IOException {
        Path tree = tree("a");
        try (Trash trash = open()) {
            trash.remove(tree);
            assertThat(tree).doesNotExist();
            awaitEmpty();
        }
    }

    @Test
    void whatAnEarlierProcessLeftIsDeleted() throws IOException {
        Path left = Files.createDirectories(directory.resolve("trash/left/below"));
        Files.writeString(left.resolve("file"), "x");
        try (Trash _ = open()) {
            awaitEmpty();
        }
    }

    @Test
    void takesAbsenceForDone() throws IOException {
        try (Trash trash = open()) {
            trash.remove(directory.resolve("nothing"));
            awaitEmpty();
        }
    }

    @Test
    void deletesOnTheSpotWhatCannotBeMoved() throws IOException {
        Path tree = tree("b");
        try (Trash trash = open()) {
            Files.delete(directory.resolve("trash"));
            trash.remove(tree);
            assertThat(tree).doesNotExist();
        }
    }

    @Test
    void deletesOnTheSpotHoweverDeepItIs() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("deep"));
        deepen(tree, 5_000);
        try (Trash trash = open()) {
            Files.delete(directory.resolve("trash"));
            trash.remove(tree);
            assertThat(tree).doesNotExist();
        }
    }

    /// Deeper than any path may be long: made by descriptors.
    private static void deepen(Path tree, int levels) throws IOException {
        FileCalls files = new LinuxFileCalls();
        Fd here = files.open(tree.toString(), FileCalls.O_RDONLY, 0);
        for (int i = 0; i < levels; i++) {
            files.mkdirat(here, "d", 0700);
            Fd next = files.openat2(here, "d", FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, 0);
            here.close();
            here = next;
        }
        here.close();
    }

    @Test
    void manyAtOnceAreAllDeleted() throws IOException {
        try (Trash trash = open()) {
            for (int i = 0; i < 300; i++) {
                trash.remove(tree("t" + i));
                assertThat(directory.resolve("t" + i)).doesNotExist();
            }
            awaitEmpty();
        }
    }

    private Trash open() throws IOException {
        return Trash.open(new LinuxFileCalls(), directory.resolve("trash"));
    }

    private Path tree(String name) throws IOException {
        Path tree = directory.resolve(name);
        Files.createDirectories(tree.resolve("upper/deep"));
        Files.writeString(tree.resolve("upper/deep/file"), "x");
        Files.createSymbolicLink(tree.resolve("upper/link"), directory);
        return tree;
    }

    /// Returns when the trash holds nothing more; the test's time limit ends the wait.
    private void awaitEmpty() throws IOException {
        while (true) {
            try (Stream<Path> left = Files.list(directory.resolve("trash"))) {
                if (left.findAny().isEmpty()) {
                    return;
                }
            }
            LockSupport.parkNanos(1_000_000);
        }
    }
}
