package io.carpel.runtime.linux;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;

/// Deletes a directory tree by descriptors, so that a swapped directory or link leads nowhere else.
public final class TreeRemoval {
    private static final long HERE = FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS;

    /// Descriptors held open at most; deeper trees are moved up before they are deleted.
    private static final int DEPTH = 64;

    private final FileCalls files;
    private final Fd top;
    private final Deque<String> pending;
    private final BooleanSupplier stop;

    private TreeRemoval(FileCalls files, Fd top, Deque<String> pending, BooleanSupplier stop) {
        this.files = files;
        this.top = top;
        this.pending = pending;
        this.stop = stop;
    }

    /// Removes `name` and everything below it; one that is not there is fine. Never leaves the
    /// directory: a link is removed itself, a mount point makes this fail with EBUSY.
    public static void remove(FileCalls files, Fd directory, String name) throws ErrnoException {
        remove(files, directory, name, () -> false);
    }

    /// Like the other, but leaves the rest where it is as soon as `stop` says so.
    public static void remove(FileCalls files, Fd directory, String name, BooleanSupplier stop)
            throws ErrnoException {
        Deque<String> pending = new ArrayDeque<>();
        pending.add(name);
        while (!pending.isEmpty()) {
            new TreeRemoval(files, directory, pending, stop)
                    .removeBelow(directory, pending.remove(), 0);
        }
    }

    private void removeBelow(Fd directory, String name, int depth) throws ErrnoException {
        try {
            files.unlinkat(directory, name, 0);
            return;
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                return;
            }
            if (!e.is(Errno.EISDIR) && !e.is(Errno.EPERM)) {
                throw e;
            }
        }
        if (depth >= DEPTH) {
            String moved = ".gone-" + System.nanoTime();
            files.renameat2(directory, name, top, moved, FileCalls.RENAME_NOREPLACE);
            pending.add(moved);
            return;
        }
        try (Fd inside =
                files.openat2(
                        directory, name, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, HERE)) {
            files.eachName(
                    inside,
                    child -> {
                        if (!stop.getAsBoolean()) {
                            removeBelow(inside, child, depth + 1);
                        }
                        return !stop.getAsBoolean();
                    });
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR)) {
                throw e;
            }
        }
        if (stop.getAsBoolean()) {
            return;
        }
        try {
            files.unlinkat(directory, name, FileCalls.AT_REMOVEDIR);
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }
}
