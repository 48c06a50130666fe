package io.carpel.runtime.linux;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Deletes a directory tree by descriptors, so that a swapped directory or link leads nowhere else.
///
/// What cannot be deleted does not keep the rest: it is named when everything else is gone. The
/// flags immutable and append-only (chattr(1)) keep nobody from it, since a container that may set
/// them could make its removal fail for ever.
public final class TreeRemoval {
    private static final long HERE =
            FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS | FileCalls.RESOLVE_NO_XDEV;

    /// Descriptors held open at most; deeper trees are moved up before they are deleted.
    private static final int DEPTH = 64;

    private static final int PROTECTED = FileCalls.FS_IMMUTABLE_FL | FileCalls.FS_APPEND_FL;

    private final FileCalls files;
    private final Fd top;
    private final BooleanSupplier stop;
    private final Deque<String> pending = new ArrayDeque<>();

    /// Names of the directories that are being emptied, outermost first.
    private final Deque<String> way = new ArrayDeque<>();

    private Optional<ErrnoException> failure = Optional.empty();

    private TreeRemoval(FileCalls files, Fd top, BooleanSupplier stop) {
        this.files = files;
        this.top = top;
        this.stop = stop;
    }

    /// Removes `name` and everything below it; one that is not there is fine. Never leaves the
    /// directory: a link is removed itself, a mount point makes this fail with EBUSY and keeps what
    /// is mounted there.
    ///
    /// @throws ErrnoException with the path of the first that stays; all the others are gone
    public static void remove(FileCalls files, Fd directory, String name) throws ErrnoException {
        remove(files, directory, name, () -> false);
    }

    /// Like the other, but leaves the rest where it is as soon as `stop` says so.
    public static void remove(FileCalls files, Fd directory, String name, BooleanSupplier stop)
            throws ErrnoException {
        var removal = new TreeRemoval(files, directory, stop);
        removal.pending.add(name);
        while (!removal.pending.isEmpty()) {
            removal.removeEntry(directory, removal.pending.remove());
        }
        if (removal.failure.isPresent()) {
            throw removal.failure.get();
        }
    }

    private void removeEntry(Fd directory, String name) {
        try {
            if (!unlinked(directory, name)) {
                removeDirectory(directory, name);
            }
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT)) {
                note(name, e);
            }
        }
    }

    /// The first one is why the directories around it stay as well.
    private void note(String name, ErrnoException e) {
        if (failure.isEmpty()) {
            String path = way.isEmpty() ? name : String.join("/", way) + "/" + name;
            failure =
                    Optional.of(
                            e.is(Errno.EXDEV)
                                    ? new ErrnoException("unlinkat", path, Errno.EBUSY)
                                    : new ErrnoException(e.call(), path, e.errno()));
        }
    }

    /// @return false when it is a directory
    private boolean unlinked(Fd directory, String name) throws ErrnoException {
        try {
            files.unlinkat(directory, name, 0);
            return true;
        } catch (ErrnoException e) {
            if (e.is(Errno.EISDIR)) {
                return false;
            }
            if (!e.is(Errno.EPERM)) {
                throw e;
            }
        }
        if (files.fstatat(directory, name).isDirectory()) {
            return false;
        }
        unprotect(directory, name);
        files.unlinkat(directory, name, 0);
        return true;
    }

    private void removeDirectory(Fd directory, String name) throws ErrnoException {
        if (way.size() >= DEPTH) {
            moveUp(directory, name);
            return;
        }
        try (Fd inside = openDirectory(directory, name)) {
            way.addLast(name);
            empty(inside);
        }
        if (!stop.getAsBoolean()) {
            unprotecting(
                    directory, name, () -> files.unlinkat(directory, name, FileCalls.AT_REMOVEDIR));
        }
    }

    private void empty(Fd directory) throws ErrnoException {
        try {
            files.eachName(
                    directory,
                    name -> {
                        if (!stop.getAsBoolean()) {
                            removeEntry(directory, name);
                        }
                        return !stop.getAsBoolean();
                    });
        } finally {
            way.removeLast();
        }
    }

    private Fd openDirectory(Fd directory, String name) throws ErrnoException {
        return files.openat2(directory, name, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, HERE);
    }

    private void moveUp(Fd directory, String name) throws ErrnoException {
        String moved = ".gone-" + System.nanoTime();
        unprotecting(
                directory,
                name,
                () -> files.renameat2(directory, name, top, moved, FileCalls.RENAME_NOREPLACE));
        pending.add(moved);
    }

    @FunctionalInterface
    private interface Work {
        void run() throws ErrnoException;
    }

    private void unprotecting(Fd directory, String name, Work work) throws ErrnoException {
        try {
            work.run();
        } catch (ErrnoException e) {
            if (!e.is(Errno.EPERM)) {
                throw e;
            }
            unprotect(directory, name);
            work.run();
        }
    }

    /// Takes the flags off the entry, and off the directory it is in if that is to go as well.
    /// Nothing but regular files and directories has flags, and opening a device could do anything.
    private void unprotect(Fd directory, String name) throws ErrnoException {
        if (!way.isEmpty()) {
            unprotect(directory);
        }
        FileCalls.Stat entry = files.fstatat(directory, name);
        if (entry.isRegular() || entry.isDirectory()) {
            int flags = FileCalls.O_RDONLY | FileCalls.O_NONBLOCK;
            try (Fd file = files.openat2(directory, name, flags, 0, HERE)) {
                unprotect(file);
            }
        }
    }

    private void unprotect(Fd file) throws ErrnoException {
        try {
            int flags = files.inodeFlags(file);
            if ((flags & PROTECTED) != 0) {
                files.inodeFlags(file, flags & ~PROTECTED);
            }
        } catch (ErrnoException e) {
            // A filesystem without flags: it was refused for another reason.
            if (!e.is(Errno.ENOTTY) && !e.is(Errno.ENOTSUP)) {
                throw e;
            }
        }
    }
}
