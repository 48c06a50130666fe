package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

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
    private static final int LINKS = 40;
    private static final int CHUNK = 128 * 1024;

    private final FileCalls files;
    private final Fd root;
    private final Optional<LowerLayers> below;
    private final LinkedHashMap<String, Fd> parents = new LinkedHashMap<>(64, 0.75f, true);
    private final List<String> implicit = new ArrayList<>();
    private int implicitSize;
    private long guessed;
    private boolean replaced;
    private boolean lacking;

    /// @param below the layers whose links and directories count as well; nothing when they are not
    ///   known yet
    LayerTree(FileCalls files, Fd root, Optional<LowerLayers> below) {
        this.files = files;
        this.root = root;
        this.below = below;
    }

    /// Directories that were made without an entry of their own: their owner and mode are guesses.
    /// Not all of them when there are very many; the layer is lacking then.
    List<String> implicit() {
        return List.copyOf(implicit);
    }

    /// How many directories were made without an entry of their own.
    long guessed() {
        return guessed;
    }

    private void remember(String path) {
        guessed++;
        if (implicitSize + path.length() <= LayerRecord.IMPLICIT_LIMIT) {
            implicitSize += path.length();
            implicit.add(path);
        } else {
            lacking = true;
        }
    }

    /// Whether an entry took the place of an earlier one of the same archive.
    boolean replaced() {
        return replaced;
    }

    /// Whether something refers to a layer below, none of which is known here, or may do so.
    boolean lacking() {
        return lacking;
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
        String real = real(path);
        Fd fd;
        try {
            fd = files.openat2(root, real, FileCalls.O_PATH | FileCalls.O_DIRECTORY, 0, IN_ROOT);
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT)) {
                throw refused(path, e);
            }
            fd = make(real);
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
            remember(path);
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            // A link that leads nowhere, or a deletion: a directory with content replaces it.
            replace(above, name);
            remember(path);
        }
        if (below.isPresent()
                && below.get().at(path) instanceof LowerLayers.Entry.Directory lower
                && !hidesBelow(path)) {
            try (Fd made = open(above, name)) {
                below.get().adopt(lower, made);
            }
        }
        return files.openat2(above, name, FileCalls.O_PATH | FileCalls.O_DIRECTORY, 0, HERE);
    }

    private void replace(Fd above, String name) throws IOException {
        FileCalls.Stat there = files.fstatat(above, name);
        lacking |= there.isSymlink();
        clear(above, name);
        files.mkdirat(above, name, DEFAULT_MODE);
        if (Whiteouts.isDeletion(there)) {
            try (Fd fd = open(above, name)) {
                Whiteouts.opaque(files, fd);
            }
        }
    }

    /// Where `path` leads when links are followed, those of the layers below included. Without
    /// layers below the kernel follows them, and `path` is as good.
    String real(String path) throws IOException {
        if (below.isEmpty() || path.isEmpty()) {
            return path;
        }
        Deque<String> wanted = new ArrayDeque<>(List.of(path.split("/", -1)));
        Deque<String> walked = new ArrayDeque<>();
        int links = 0;
        while (!wanted.isEmpty()) {
            String name = wanted.remove();
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                walked.pollLast();
                continue;
            }
            walked.add(name);
            Optional<String> target = link(String.join("/", walked), below.get());
            if (target.isPresent()) {
                if (++links > LINKS) {
                    throw new LayerRefusedException("'" + path + "' leads through too many links");
                }
                walked.removeLast();
                if (target.get().startsWith("/")) {
                    walked.clear();
                }
                List.of(target.get().split("/", -1)).reversed().forEach(wanted::addFirst);
            }
        }
        return String.join("/", walked);
    }

    private Optional<String> link(String path, LowerLayers lower) throws IOException {
        try {
            FileCalls.Stat own = files.fstatat(root, path);
            return own.isSymlink() ? Optional.of(files.readlinkat(root, path)) : Optional.empty();
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOTDIR)) {
                return Optional.empty();
            }
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
        return lower.at(path) instanceof LowerLayers.Entry.Link(String target) && !hidesBelow(path)
                ? Optional.of(target)
                : Optional.empty();
    }

    /// Whether a directory of this layer above `path` hides what the layers below have there.
    private boolean hidesBelow(String path) throws IOException {
        for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
            try (Fd directory = open(root, path.substring(0, slash))) {
                if (Whiteouts.isOpaque(files, directory)) {
                    return true;
                }
            } catch (ErrnoException e) {
                return !e.is(Errno.ENOENT);
            }
        }
        return false;
    }

    /// A hard link to a file that this layer lacks becomes a copy of the file below, which is what
    /// overlayfs would make of it when the link was made in a container.
    ///
    /// @param bound hears the copy's size before it is made, and throws when that is too much: a
    ///   link has few bytes, and the file that it names may have any number
    /// @return the copy's size; nothing when the layers below are not known yet
    /// @throws LayerRefusedException when there is no such file
    OptionalLong copyFromBelow(String target, Fd parent, String name, String path, SizeBound bound)
            throws IOException {
        if (below.isEmpty()) {
            lacking = true;
            return OptionalLong.empty();
        }
        int slash = target.lastIndexOf('/');
        String above = slash < 0 ? "" : real(target.substring(0, slash)) + "/";
        String from = (above.equals("/") ? "" : above) + target.substring(slash + 1);
        LowerLayers lower = below.get();
        if (!hidesBelow(from)) {
            switch (lower.at(from)) {
                case LowerLayers.Entry.Link(String to) -> {
                    entry(parent, name, () -> files.symlinkat(to, parent, name));
                    return OptionalLong.of(0);
                }
                case LowerLayers.Entry.Other other when other.stat().isRegular() -> {
                    bound.add(other.stat().size());
                    return OptionalLong.of(copy(lower, other, parent, name));
                }
                case LowerLayers.Entry.Missing _,
                        LowerLayers.Entry.Directory _,
                        LowerLayers.Entry.Other _ -> {
                    // refused below
                }
            }
        }
        throw new LayerRefusedException(
                "'%s' is a hard link to '%s', which is no file".formatted(path, target));
    }

    /// A bound on sizes added up.
    @FunctionalInterface
    interface SizeBound {
        void add(long bytes) throws LayerRefusedException;
    }

    private long copy(LowerLayers lower, LowerLayers.Entry.Other from, Fd parent, String name)
            throws IOException {
        try (Fd source = lower.open(from);
                Fd copy = file(parent, name)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
            while (files.read(source, buffer.clear()) > 0) {
                files.writeFully(copy, buffer.flip());
            }
            lower.adopt(source, copy);
        }
        return from.stat().size();
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
        return files.openat2(
                root, real(path), FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, IN_ROOT);
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
