package io.carpel.runtime.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/// Makes and removes directories of ours.
public final class Trees {
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

    /// Removes a file or a directory with everything in it. Absent is fine.
    ///
    /// Works on descriptors and never follows a link, so that a name exchanged meanwhile cannot
    /// lead out of the tree. A mount point inside makes it fail rather than reach through.
    public static void remove(Path tree) throws IOException {
        Path parent = tree.toAbsolutePath().getParent();
        Path name = tree.getFileName();
        if (parent == null || name == null) {
            throw new IOException("refusing to remove " + tree);
        }
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(parent)) {
            removeEntry(secure(stream), name);
        } catch (NoSuchFileException | NotDirectoryException _) {
            // The parent is gone, and so is the tree.
        }
    }

    private static void removeEntry(SecureDirectoryStream<Path> parent, Path name)
            throws IOException {
        boolean directory;
        try {
            directory =
                    parent.getFileAttributeView(
                                    name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                            .readAttributes()
                            .isDirectory();
        } catch (NoSuchFileException _) {
            return;
        }
        if (!directory) {
            parent.deleteFile(name);
            return;
        }
        try (SecureDirectoryStream<Path> inside =
                parent.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            for (Path entry : inside) {
                removeEntry(inside, entry.getFileName());
            }
        }
        parent.deleteDirectory(name);
    }

    private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream)
            throws IOException {
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return secure;
        }
        throw new IOException("this platform has no directory streams on descriptors");
    }
}
