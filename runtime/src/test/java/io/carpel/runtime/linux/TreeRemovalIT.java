package io.carpel.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What keeps even root from deleting, and what must not be deleted. Needs root.
final class TreeRemovalIT {
    private final FileCalls files = new LinuxFileCalls();
    private final MountCalls mounts = new LinuxMountCalls();

    @TempDir Path directory;
    private Path tree = Path.of("/");

    @BeforeEach
    void fill() throws IOException {
        tree = directory.resolve("tree");
        Files.createDirectories(tree.resolve("a/b/c"));
        for (String file : List.of("one", "a/two", "a/b/three", "a/b/c/four")) {
            Files.writeString(tree.resolve(file), file);
        }
    }

    private void remove() throws ErrnoException {
        try (Fd holder = files.open(directory.toString(), FileCalls.O_RDONLY, 0)) {
            TreeRemoval.remove(files, holder, "tree");
        }
    }

    private void flag(String path, int flags) throws ErrnoException {
        try (Fd file = files.open(tree.resolve(path).toString(), FileCalls.O_RDONLY, 0)) {
            files.inodeFlags(file, files.inodeFlags(file) | flags);
        }
    }

    /// As a container with CAP_LINUX_IMMUTABLE can leave them in what is mounted into it.
    @Test
    void neitherImmutableNorAppendOnlyStaysForEver() throws IOException {
        flag("one", FileCalls.FS_IMMUTABLE_FL);
        flag("a/two", FileCalls.FS_APPEND_FL);
        flag("a/b/c/four", FileCalls.FS_IMMUTABLE_FL | FileCalls.FS_APPEND_FL);
        flag("a/b/c", FileCalls.FS_APPEND_FL);
        flag("a/b", FileCalls.FS_IMMUTABLE_FL);
        flag("", FileCalls.FS_IMMUTABLE_FL);
        assertThatThrownBy(() -> Files.delete(tree.resolve("one"))).isInstanceOf(IOException.class);
        remove();
        assertThat(tree).doesNotExist();
    }

    @Test
    void aDeepTreeIsMovedUpOutOfImmutableDirectories() throws IOException {
        String path = "d/".repeat(80);
        Files.createDirectories(tree.resolve(path));
        flag("d/".repeat(63), FileCalls.FS_IMMUTABLE_FL);
        flag("d/".repeat(64), FileCalls.FS_IMMUTABLE_FL);
        remove();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void whatIsMountedInsideIsKeptAndNamedAndAllElseIsGone() throws IOException {
        Path mount = tree.resolve("a/b");
        mounts.mount("test", mount, "tmpfs", 0, "size=64k");
        try {
            Files.writeString(mount.resolve("hosts"), "precious");
            assertThatThrownBy(this::remove)
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("tree/a/b: EBUSY");
            assertThat(mount.resolve("hosts")).hasContent("precious");
            assertThat(tree.resolve("one")).doesNotExist();
            assertThat(tree.resolve("a/two")).doesNotExist();
        } finally {
            mounts.unmount(mount, MountCalls.MNT_DETACH);
        }
        remove();
        assertThat(tree).doesNotExist();
    }
}
