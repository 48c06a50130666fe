package io.carpel.runtime.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/// Gives everything in a directory tree one SELinux label, by descriptors: a swapped directory or
/// link leads nowhere else, a link is labelled itself, and what is mounted somewhere below is left
/// alone.
///
/// What has the label already is not written to. The top comes last: where it is right, a tree was
/// done to its end.
public final class TreeLabels {
    private static final String ATTRIBUTE = "security.selinux";
    private static final long HERE =
            FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS | FileCalls.RESOLVE_NO_XDEV;

    /// Directories inside each other; each holds two descriptors open.
    private static final int DEPTH = 200;

    private final FileCalls files;
    private final byte[] label;

    /// Names of the directories we are in, outermost first.
    private final Deque<String> way = new ArrayDeque<>();

    private TreeLabels(FileCalls files, String label) {
        this.files = files;
        this.label = label.getBytes(StandardCharsets.US_ASCII);
    }

    /// @param top a file or a directory, opened with `O_PATH`
    /// @throws ErrnoException with the path, below `top`, of what could not be labelled; ELOOP for
    ///   a directory that is too deep, ENOTSUP where the filesystem has no labels
    public static void set(FileCalls files, Fd top, String label) throws ErrnoException {
        TreeLabels labels = new TreeLabels(files, label);
        byte[] _ = labels.current(top);
        labels.entry(top, ".");
    }

    private void entry(Fd entry, String name) throws ErrnoException {
        if (files.fstat(entry).isDirectory()) {
            way.addLast(name);
            try (Fd inside = open(entry, ".", FileCalls.O_RDONLY | FileCalls.O_DIRECTORY)) {
                labelAll(inside);
            } finally {
                way.removeLast();
            }
        }
        if (!Arrays.equals(current(entry), label)) {
            try {
                files.setxattr(entry, ATTRIBUTE, label);
            } catch (ErrnoException e) {
                throw at(name, e);
            }
        }
    }

    private void labelAll(Fd directory) throws ErrnoException {
        files.eachName(
                directory,
                name -> {
                    labelBelow(directory, name);
                    return true;
                });
    }

    private void labelBelow(Fd directory, String name) throws ErrnoException {
        if (way.size() >= DEPTH) {
            throw at(name, new ErrnoException("openat2", name, Errno.ELOOP));
        }
        try (Fd entry = open(directory, name, FileCalls.O_PATH | FileCalls.O_NOFOLLOW)) {
            entry(entry, name);
        } catch (ErrnoException e) {
            // It was removed meanwhile, something is mounted there, or it can have none.
            if (!e.is(Errno.ENOENT) && !e.is(Errno.EXDEV) && !e.is(Errno.ENOTSUP)) {
                throw e;
            }
        }
    }

    private Fd open(Fd directory, String name, int flags) throws ErrnoException {
        try {
            return files.openat2(directory, name, flags, 0, HERE);
        } catch (ErrnoException e) {
            throw at(name, e);
        }
    }

    /// Without a terminating NUL; empty where there is none.
    private byte[] current(Fd entry) throws ErrnoException {
        try {
            byte[] value = files.getxattr(entry, ATTRIBUTE);
            boolean terminated = value.length > 0 && value[value.length - 1] == 0;
            return terminated ? Arrays.copyOf(value, value.length - 1) : value;
        } catch (ErrnoException e) {
            if (e.is(Errno.ENODATA)) {
                return new byte[0];
            }
            throw e;
        }
    }

    private ErrnoException at(String name, ErrnoException e) {
        String path = way.isEmpty() ? name : String.join("/", way) + "/" + name;
        return new ErrnoException(e.call(), path, e.errno());
    }
}
