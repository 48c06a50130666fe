package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TreesTest {
    @TempDir Path directory;

    @Test
    void removesATreeButNothingThatLinksLeadTo() throws IOException {
        Path outside = Files.createDirectories(directory.resolve("outside/deep"));
        Files.writeString(outside.resolve("keep"), "x");
        Path tree = Files.createDirectories(directory.resolve("tree/a/b"));
        Files.writeString(tree.resolve("file"), "x");
        Files.createSymbolicLink(tree.resolve("link"), outside);
        Files.createSymbolicLink(directory.resolve("tree/top"), outside.getParent());

        Trees.remove(directory.resolve("tree"));

        assertThat(directory.resolve("tree")).doesNotExist();
        assertThat(outside.resolve("keep")).exists();
    }

    @Test
    void removesALinkAndNotItsTarget() throws IOException {
        Path target = Files.createDirectory(directory.resolve("target"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        Trees.remove(link);
        assertThat(Files.isSymbolicLink(link)).isFalse();
        assertThat(target).exists();
    }

    @Test
    void takesAbsenceForDone() throws IOException {
        Trees.remove(directory.resolve("none"));
        Trees.remove(directory.resolve("none/at/all"));
        assertThat(directory).exists();
    }

    @Test
    void neverRemovesTheRoot() {
        assertThatThrownBy(() -> Trees.remove(Path.of("/"))).isInstanceOf(IOException.class);
    }

    @Test
    void makesPrivateDirectories() throws IOException {
        Path made = directory.resolve("p/q");
        Trees.makePrivate(made);
        assertThat(Files.getPosixFilePermissions(made))
                .hasToString("[OWNER_READ, OWNER_WRITE, OWNER_EXECUTE]");
        Trees.makePrivate(made);
    }
}
