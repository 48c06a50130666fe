package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.snapshot.FdStream;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// The files of an image archive, read by descriptor: no link in it leads outside.
final class ArchiveTree {
    private final FileCalls files;
    private final Fd root;

    ArchiveTree(FileCalls files, Fd root) {
        this.files = files;
        this.root = root;
    }

    /// The file, or nothing when there is none.
    Optional<Fd> open(String path) throws IOException {
        try {
            Fd file =
                    files.openat2(
                            root,
                            path,
                            FileCalls.O_RDONLY | FileCalls.O_NONBLOCK,
                            0,
                            FileCalls.RESOLVE_IN_ROOT | FileCalls.RESOLVE_NO_MAGICLINKS);
            if (!files.fstat(file).isRegular()) {
                file.close();
                throw new InvalidArgumentException(
                        "'" + Printable.of(path) + "' in the archive is no regular file");
            }
            return Optional.of(file);
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    Fd required(String path) throws IOException {
        return open(path)
                .orElseThrow(() ->
                        new InvalidArgumentException(
                                "archive has no file '" + Printable.of(path) + "'"));
    }

    static String blobPath(Digest digest) {
        return "blobs/" + digest.algorithm() + "/" + digest.hex();
    }

    Optional<byte[]> read(String path, int limit) throws IOException {
        Optional<Fd> file = open(path);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try (InputStream in = new FdStream(files, file.get())) {
            byte[] content = in.readNBytes(limit + 1);
            if (content.length > limit) {
                throw new InvalidArgumentException(
                        "'%s' in the archive is larger than %d bytes"
                                .formatted(Printable.of(path), limit));
            }
            return Optional.of(content);
        }
    }

    /// A small blob, checked.
    byte[] blob(Digest digest, int limit) throws IOException {
        byte[] content =
                read(blobPath(digest), limit)
                        .orElseThrow(() ->
                                new InvalidArgumentException("archive has no blob " + digest));
        if (!digest.matches(content)) {
            throw new InvalidArgumentException(
                    "blob " + digest + " in the archive has another content");
        }
        return content;
    }

    long size(String path) throws IOException {
        try (Fd file = required(path)) {
            return files.fstat(file).size();
        }
    }

    InputStream stream(String path) throws IOException {
        return new FdStream(files, required(path));
    }
}
