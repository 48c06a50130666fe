package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// Files of several layers as overlayfs would show them, without a mount: the highest layer wins,
/// whiteouts and opaque directories hide, links lead to places inside the view only.
public final class MergedView {
    private static final int LINKS = 40;
    private static final int COMPONENTS = 255;
    private static final long HERE = FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS;

    private final FileCalls files;
    private final List<Path> highestFirst;

    /// @param layers lowest first
    public MergedView(FileCalls files, List<Path> layers) {
        this.files = files;
        this.highestFirst = List.copyOf(layers.reversed());
    }

    /// What a name in a merged directory is.
    private sealed interface Entry {
        record Missing() implements Entry {}

        /// The directory in each layer that shows through, highest first.
        record Directory(List<Fd> parts) implements Entry {}

        record Link(String target) implements Entry {}

        /// A file or anything else; `holder` is the directory it lies in.
        record Other(Fd holder, String name) implements Entry {}
    }

    /// The content of a regular file, or nothing when there is none at `path`.
    ///
    /// @throws LayerRefusedException when it is larger than `limit`, or no regular file
    public Optional<byte[]> read(String path, int limit) throws IOException {
        Deque<String> wanted = split(path);
        Deque<String> walked = new ArrayDeque<>();
        int links = 0;
        try (Scope scope = new Scope()) {
            List<Fd> directory = scope.roots();
            while (!wanted.isEmpty()) {
                String name = wanted.remove();
                if (name.equals("..")) {
                    walked.pollLast();
                    prepend(wanted, walked);
                    walked.clear();
                    directory = scope.roots();
                    continue;
                }
                switch (look(directory, name, scope)) {
                    case Entry.Missing _ -> {
                        return Optional.empty();
                    }
                    case Entry.Directory(List<Fd> parts) -> {
                        directory = parts;
                        walked.add(name);
                    }
                    case Entry.Link(String target) -> {
                        if (++links > LINKS) {
                            throw new LayerRefusedException("'" + path + "' has too many links");
                        }
                        prepend(wanted, split(target));
                        if (!target.startsWith("/")) {
                            prepend(wanted, walked);
                        }
                        walked.clear();
                        directory = scope.roots();
                        if (wanted.size() > COMPONENTS) {
                            throw new LayerRefusedException("'" + path + "' leads too far");
                        }
                    }
                    case Entry.Other(Fd holder, String last) -> {
                        return wanted.isEmpty()
                                ? Optional.of(content(holder, last, path, limit))
                                : Optional.empty();
                    }
                }
            }
        }
        throw new LayerRefusedException("'" + path + "' is a directory");
    }

    private static Deque<String> split(String path) {
        Deque<String> out = new ArrayDeque<>();
        for (String part : path.split("/", -1)) {
            if (!part.isEmpty() && !part.equals(".")) {
                out.add(part);
            }
        }
        return out;
    }

    private static void prepend(Deque<String> wanted, Deque<String> before) {
        before.descendingIterator().forEachRemaining(wanted::addFirst);
    }

    private Entry look(List<Fd> directory, String name, Scope scope) throws IOException {
        List<Fd> parts = new ArrayList<>();
        for (Fd layer : directory) {
            FileCalls.Stat stat;
            try {
                stat = files.fstatat(layer, name);
            } catch (ErrnoException e) {
                if (e.is(Errno.ENOENT)) {
                    continue;
                }
                throw e;
            }
            if (!stat.isDirectory()) {
                if (parts.isEmpty() && !Whiteouts.isDeletion(stat)) {
                    return stat.isSymlink()
                            ? new Entry.Link(files.readlinkat(layer, name))
                            : new Entry.Other(layer, name);
                }
                break;
            }
            Fd inside =
                    scope.own(
                            files.openat2(
                                    layer,
                                    name,
                                    FileCalls.O_RDONLY | FileCalls.O_DIRECTORY,
                                    0,
                                    HERE));
            parts.add(inside);
            if (Whiteouts.isOpaque(files, inside)) {
                break;
            }
        }
        return parts.isEmpty() ? new Entry.Missing() : new Entry.Directory(parts);
    }

    private byte[] content(Fd holder, String name, String path, int limit) throws IOException {
        if (!files.fstatat(holder, name).isRegular()) {
            throw new LayerRefusedException("'" + path + "' is not a regular file");
        }
        try (Fd file =
                files.openat2(holder, name, FileCalls.O_RDONLY | FileCalls.O_NONBLOCK, 0, HERE)) {
            FileCalls.Stat stat = files.fstat(file);
            if (!stat.isRegular() || stat.size() > limit) {
                throw new LayerRefusedException(
                        "'%s' has %d bytes, more than %d".formatted(path, stat.size(), limit));
            }
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) stat.size() + 1);
            while (buffer.hasRemaining() && files.read(file, buffer) > 0) {
                // until the end
            }
            byte[] out = new byte[buffer.flip().remaining()];
            buffer.get(out);
            return out;
        }
    }

    /// Descriptors that are closed together.
    private final class Scope implements AutoCloseable {
        private final List<Fd> open = new ArrayList<>();
        private final List<Fd> roots = new ArrayList<>();

        List<Fd> roots() throws IOException {
            if (roots.isEmpty()) {
                for (Path layer : highestFirst) {
                    roots.add(
                            own(
                                    files.open(
                                            layer.toString(),
                                            FileCalls.O_RDONLY | FileCalls.O_DIRECTORY,
                                            0)));
                }
            }
            return roots;
        }

        Fd own(Fd fd) {
            open.add(fd);
            return fd;
        }

        @Override
        public void close() {
            open.forEach(Fd::close);
        }
    }
}
