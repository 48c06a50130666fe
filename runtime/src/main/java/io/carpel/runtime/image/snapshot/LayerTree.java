package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A directory into which a layer is written by descriptors, never by paths.
///
/// The parent of each entry is opened below the root with `RESOLVE_IN_ROOT`, so links inside the
/// layer lead only to places inside it; the entry itself is then made by its single name, which
/// follows no link. The last parents stay open. Confined to one thread.
final class LayerTree implements AutoCloseable {
    private static final int OPEN_PARENTS = 32;
    private static final long IN_ROOT = FileCalls.RESOLVE_IN_ROOT | FileCalls.RESOLVE_NO_MAGICLINKS;
    private static final long HERE = FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS;
    private static final int DEFAULT_MODE = 0755;

    private final FileCalls files;
    private final Fd root;
    private final LinkedHashMap<String, Fd> parents = new LinkedHashMap<>(64, 0.75f, true);
    private final List<String> implicit = new ArrayList<>();
    private boolean replaced;

    LayerTree(FileCalls files, Fd root) {
        this.files = files;
        this.root = root;
    }

    /// Directories that were made without an entry of their own: their owner and mode are guesses.
    List<String> implicit() {
        return List.copyOf(implicit);
    }

    /// Whether an entry took the place of an earlier one of the same archive.
    boolean replaced() {
        return replaced;
    }

    /// The open directory at `path`, made if it is missing. Stays owned by this tree.
    Fd parent(String path) throws IOException {
        if (path.isEmpty()) {
            return root;
        }
        Fd open = parents.get(path);
        if (open != null) {
            return open;
        }
        Fd fd;
        try {
            fd = files.openat2(root, path, FileCalls.O_PATH | FileCalls.O_DIRECTORY, 0, IN_ROOT);
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT)) {
                throw refused(path, e);
            }
            fd = make(path);
        }
        parents.put(path, fd);
        if (parents.size() > OPEN_PARENTS) {
            var eldest = parents.entrySet().iterator().next();
            eldest.getValue().close();
            parents.remove(eldest.getKey());
        }
        return fd;
    }

    private Fd make(String path) throws IOException {
        int slash = path.lastIndexOf('/');
        Fd above = parent(slash < 0 ? "" : path.substring(0, slash));
        String name = path.substring(slash + 1);
        try {
            files.mkdirat(above, name, DEFAULT_MODE);
            implicit.add(path);
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            // A link that leads nowhere, or a deletion: a directory with content replaces it.
            clear(above, name);
            files.mkdirat(above, name, DEFAULT_MODE);
            implicit.add(path);
        }
        return files.openat2(above, name, FileCalls.O_PATH | FileCalls.O_DIRECTORY, 0, HERE);
    }

    private static LayerRefusedException refused(String path, ErrnoException e) {
        return new LayerRefusedException("directory '" + path + "' cannot be entered", e);
    }

    /// A new file open for writing; what stood there is gone.
    Fd file(Fd parent, String name) throws IOException {
        int flags = FileCalls.O_WRONLY | FileCalls.O_CREAT | FileCalls.O_EXCL;
        try {
            return files.openat2(parent, name, flags, 0600, HERE);
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            clear(parent, name);
            return files.openat2(parent, name, flags, 0600, HERE);
        }
    }

    /// The directory open for reading, new or the one that is there already.
    Fd directory(Fd parent, String name) throws IOException {
        try {
            files.mkdirat(parent, name, DEFAULT_MODE);
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            FileCalls.Stat there = files.fstatat(parent, name);
            if (!there.isDirectory()) {
                clear(parent, name);
                files.mkdirat(parent, name, DEFAULT_MODE);
                if (Whiteouts.isDeletion(there)) {
                    try (Fd fd = open(parent, name)) {
                        Whiteouts.opaque(files, fd);
                    }
                }
            }
        }
        return open(parent, name);
    }

    private Fd open(Fd parent, String name) throws ErrnoException {
        return files.openat2(parent, name, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, HERE);
    }

    /// The directory `path` open for reading, to mark it.
    Fd reopen(String path) throws IOException {
        if (path.isEmpty()) {
            return files.openat2(root, ".", FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, HERE);
        }
        parent(path);
        return files.openat2(root, path, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, IN_ROOT);
    }

    /// Makes an entry that is neither file nor directory.
    void entry(Fd parent, String name, Making making) throws IOException {
        try {
            making.make();
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            clear(parent, name);
            making.make();
        }
    }

    /// A system call that makes an entry.
    @FunctionalInterface
    interface Making {
        void make() throws IOException;
    }

    /// `NAME` of the layers below is deleted; what this layer itself put there stays.
    void whiteout(Fd parent, String name) throws IOException {
        try {
            Whiteouts.delete(files, parent, name);
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            if (files.fstatat(parent, name).isDirectory()) {
                try (Fd fd = open(parent, name)) {
                    Whiteouts.opaque(files, fd);
                }
            }
        }
    }

    private void clear(Fd parent, String name) throws IOException {
        FileCalls.Stat gone = files.fstatat(parent, name);
        replaced |= gone.isRegular() || gone.isDirectory();
        // Open parents may lie below what goes away.
        closeParents(parent);
        TreeRemoval.remove(files, parent, name);
    }

    private void closeParents(Fd butThis) {
        var each = parents.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<String, Fd> entry = each.next();
            if (entry.getValue() != butThis) {
                entry.getValue().close();
                each.remove();
            }
        }
    }

    @Override
    public void close() {
        parents.values().forEach(Fd::close);
        parents.clear();
    }
}
