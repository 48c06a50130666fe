package io.carpel.runtime.store;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Makes and removes directories of ours.
public final class Trees {
    private static final FileCalls FILES = new LinuxFileCalls();

    private Trees() {}

    /// Makes the directory and what is missing above it, for root alone whatever the umask is.
    public static void makePrivate(Path directory) throws IOException {
        Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /// Makes the directory and what is missing above it, readable for everybody.
    public static void makeReadable(Path directory) throws IOException {
        Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }

    /// Removes a file or a directory with everything in it, however deep and wide. Absent is fine.
    ///
    /// Works on descriptors and never follows a link, so that a name exchanged meanwhile cannot
    /// lead out of the tree. A mount point inside makes it fail rather than reach through.
    public static void remove(Path tree) throws IOException {
        Path parent = tree.toAbsolutePath().getParent();
        Path name = tree.getFileName();
        if (parent == null || name == null) {
            throw new IOException("refusing to remove " + tree);
        }
        Fd holder;
        try {
            holder = FILES.open(parent.toString(), FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0);
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
                return; // the parent is gone, and so is the tree
            }
            throw e;
        }
        try (holder) {
            TreeRemoval.remove(FILES, holder, name.toString());
        }
    }
}
