package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The layers below one that is being unpacked, as overlayfs would show them. Nothing here follows
/// a link. Confined to one thread.
final class LowerLayers implements AutoCloseable {
    private static final long HERE = FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS;
    private static final int DEFAULT_MODE = 0755;

    private final FileCalls files;
    private final List<Fd> highestFirst = new ArrayList<>();

    private LowerLayers(FileCalls files) {
        this.files = files;
    }

    /// @param layers lowest first
    static LowerLayers open(FileCalls files, List<Path> layers) throws IOException {
        LowerLayers lower = new LowerLayers(files);
        try {
            for (Path layer : layers.reversed()) {
                lower.highestFirst.add(
                        files.open(
                                layer.toString(), FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0));
            }
            return lower;
        } catch (IOException | RuntimeException e) {
            lower.close();
            throw e;
        }
    }

    /// What stands at a path.
    sealed interface Entry {
        record Missing() implements Entry {}

        /// `layer` is the root of the highest layer that has it.
        record Directory(Fd layer, String path) implements Entry {}

        record Link(String target) implements Entry {}

        /// A file, device or pipe.
        record Other(Fd layer, String path, FileCalls.Stat stat) implements Entry {}
    }

    /// What stands at `path`, which is found only when everything above it is a directory.
    Entry at(String path) throws IOException {
        List<Fd> showing = highestFirst;
        for (int end = 0; end < path.length(); ) {
            int slash = path.indexOf('/', end + 1);
            end = slash < 0 ? path.length() : slash;
            String prefix = path.substring(0, end);
            List<Fd> next = new ArrayList<>();
            for (Fd layer : showing) {
                Optional<FileCalls.Stat> stat = stat(layer, prefix);
                if (stat.isEmpty()) {
                    continue;
                }
                if (!stat.get().isDirectory()) {
                    if (next.isEmpty() && end == path.length()) {
                        return leaf(layer, path, stat.get());
                    }
                    break;
                }
                next.add(layer);
                if (isOpaque(layer, prefix)) {
                    break;
                }
            }
            if (next.isEmpty()) {
                return new Entry.Missing();
            }
            showing = next;
        }
        return showing.isEmpty()
                ? new Entry.Missing()
                : new Entry.Directory(showing.getFirst(), path);
    }

    private Entry leaf(Fd layer, String path, FileCalls.Stat stat) throws IOException {
        if (Whiteouts.isDeletion(stat)) {
            return new Entry.Missing();
        }
        return stat.isSymlink()
                ? new Entry.Link(files.readlinkat(layer, path))
                : new Entry.Other(layer, path, stat);
    }

    /// The parents of `path` are known to be directories, so that none of them leads away.
    private Optional<FileCalls.Stat> stat(Fd layer, String path) throws IOException {
        try {
            return Optional.of(files.fstatat(layer, path));
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private boolean isOpaque(Fd layer, String path) throws IOException {
        try (Fd directory = directory(layer, path)) {
            return Whiteouts.isOpaque(files, directory);
        }
    }

    private Fd directory(Fd layer, String path) throws IOException {
        return files.openat2(layer, path, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, HERE);
    }

    /// Opens a regular file for reading.
    Fd open(Entry.Other file) throws IOException {
        return files.openat2(
                file.layer(), file.path(), FileCalls.O_RDONLY | FileCalls.O_NONBLOCK, 0, HERE);
    }

    /// Gives `to` the directory's owner, mode and extended attributes.
    void adopt(Entry.Directory from, Fd to) throws IOException {
        try (Fd directory = directory(from.layer(), from.path())) {
            adopt(directory, to);
        }
    }

    /// Gives `to` the owner, mode and extended attributes of `from`.
    void adopt(Fd from, Fd to) throws IOException {
        FileCalls.Stat stat = files.fstat(from);
        // The order matters: a change of owner takes set-id bits and capabilities away.
        files.fchown(to, stat.uid(), stat.gid());
        for (String name : files.flistxattr(from)) {
            if (ExtendedAttributes.isAllowed(name)) {
                try {
                    files.fsetxattr(to, name, files.fgetxattr(from, name));
                } catch (ErrnoException e) {
                    ExtendedAttributes.tolerate(e);
                }
            }
        }
        files.fchmod(to, stat.mode() & 07777);
    }

    /// Whether the directory has other attributes than one that is made without being told any.
    boolean isSpecial(Entry.Directory directory) throws IOException {
        try (Fd fd = directory(directory.layer(), directory.path())) {
            FileCalls.Stat stat = files.fstat(fd);
            return (stat.mode() & 07777) != DEFAULT_MODE
                    || stat.uid() != 0
                    || stat.gid() != 0
                    || files.flistxattr(fd).stream().anyMatch(ExtendedAttributes::isAllowed);
        }
    }

    @Override
    public void close() {
        highestFirst.forEach(Fd::close);
    }
}
