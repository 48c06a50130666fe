package io.carpel.runtime.store;

import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/// Takes trees out of sight at once and deletes them by and by: a filesystem can take milliseconds
/// for each file, and nobody should wait for it. What a process leaves here is deleted by the next
/// one. Thread-safe.
public final class Trash implements AutoCloseable {
    /// With more than this ahead of it a tree is deleted by whoever removes it: removal may not
    /// fall behind for ever.
    private static final int BACKLOG = 64;

    private final Path directory;
    private final BackgroundRemoval removal;

    private Trash(FileCalls files, Path directory) {
        this.directory = directory;
        this.removal = new BackgroundRemoval("trash", files, directory);
    }

    /// @param directory ours alone, on the filesystem of what will be removed
    public static Trash open(FileCalls files, Path directory) throws IOException {
        Trees.makePrivate(directory);
        Trash trash = new Trash(files, directory);
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory)) {
            left.forEach(tree -> trash.delete(tree.getFileName().toString()));
        }
        return trash;
    }

    /// Removes a file or a directory with everything in it and never follows a link. Absent is
    /// fine; a mount point inside makes it fail.
    public void remove(Path tree) throws IOException {
        if (removal.backlog() >= BACKLOG || !hidden(tree)) {
            Trees.remove(tree);
        }
    }

    private boolean hidden(Path tree) {
        String name = UUID.randomUUID().toString();
        try {
            Files.move(tree, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException _) {
            // Absent, on another filesystem, or the disk is full: deleting it says which.
            return false;
        }
        delete(name);
        return true;
    }

    private void delete(String name) {
        removal.add(new BackgroundRemoval.Doomed(name, 0, 0));
    }

    /// Stops after the file that is being deleted just now.
    @Override
    public void close() {
        removal.close();
    }
}
