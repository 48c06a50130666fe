package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.FileName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/// Unpacks one layer's archive into a directory in a single pass. Confined to one thread.
public final class LayerUnpacker {
    private static final int BLOCK = 512;
    private static final int CHUNK = 128 * 1024;
    private static final byte[] ZEROS = new byte[CHUNK];
    private static final long PAGE = 4096;
    private static final int TIMES_LIMIT = 16 << 20;
    private static final int LINK_LIMIT = 4095;

    private final FileCalls files;
    private final LayerLimits limits;
    private final LongSupplier compressedBytes;
    private final TapedStream tape;
    private final LayerTree tree;
    private final ArchiveIndex.Writer index;
    private final MessageDigest hash;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    private final byte[] chunk = new byte[CHUNK];
    private final Map<String, Instant> directoryTimes = new LinkedHashMap<>();
    private long directoryTimesSize;
    private long entries;
    private long contentBytes;
    private long diskBytes = PAGE;
    private long inodes = 1;

    private LayerUnpacker(
            FileCalls files,
            LayerLimits limits,
            LongSupplier compressedBytes,
            InputStream archive,
            LayerTree tree,
            ArchiveIndex.Writer index) {
        this.files = files;
        this.limits = limits;
        this.compressedBytes = compressedBytes;
        this.hash = Digest.of(new byte[0]).hasher();
        this.tape = new TapedStream(archive, hash);
        this.tree = tree;
        this.index = index;
    }

    /// What came of it.
    ///
    /// @param diffId the hash of the archive
    /// @param bytes disk space taken, about
    /// @param implicit directories that had no entry of their own, or the first of very many
    /// @param exact the archive can be restored from its index
    /// @param lacking the layer cannot be right without knowing those below it
    public record Result(
            Digest diffId,
            long bytes,
            long inodes,
            List<String> implicit,
            boolean exact,
            boolean lacking,
            long archiveBytes) {}

    /// @param archive the archive, decompressed already
    /// @param compressedBytes how much of the blob has been read, for the bound on the ratio
    /// @param root the empty directory to unpack into
    /// @param below the layers below, lowest first; nothing when they are not known yet
    /// @param indexFile where the archive's index goes
    /// @throws LayerRefusedException when the archive is malformed or beyond a bound
    public static Result unpack(
            FileCalls files,
            LayerLimits limits,
            InputStream archive,
            LongSupplier compressedBytes,
            Fd root,
            Optional<List<Path>> below,
            Path indexFile)
            throws IOException {
        try (ArchiveIndex.Writer index = new ArchiveIndex.Writer(indexFile);
                LowerLayers lower = LowerLayers.open(files, below.orElse(List.of()));
                LayerTree tree = new LayerTree(files, root, below.map(_ -> lower))) {
            try {
                return new LayerUnpacker(files, limits, compressedBytes, archive, tree, index)
                        .run();
            } catch (IllegalArgumentException
                    | IndexOutOfBoundsException
                    | NegativeArraySizeException
                    | ArithmeticException e) {
                throw new LayerRefusedException("the archive is malformed: " + e.getMessage(), e);
            }
        }
    }

    private Result run() throws IOException {
        TarArchiveInputStream tar =
                new TarArchiveInputStream(tape, BLOCK, BLOCK, StandardCharsets.ISO_8859_1.name());
        while (true) {
            int padding = (int) ((BLOCK - tape.position() % BLOCK) % BLOCK);
            TarArchiveEntry entry = tar.getNextEntry();
            if (entry == null) {
                break;
            }
            // Directories that are only named on the way to an entry cost as much as those with
            // one.
            if (++entries + tree.guessed() > limits.entries()) {
                throw new LayerRefusedException("more than " + limits.entries() + " entries");
            }
            byte[] headers = tape.takeTape();
            index.headers(headers);
            unpack(tar, entry, PaxRecords.last(headers, padding));
        }
        finish();
        return new Result(
                Digest.of("sha256", hash.digest()),
                diskBytes + PAGE * tree.guessed(),
                inodes + tree.guessed(),
                tree.implicit(),
                !tree.replaced(),
                tree.lacking(),
                tape.position());
    }

    /// Reads to the end, so that the hash covers the whole archive, and sets the times of
    /// directories, which every file made in them has changed.
    private void finish() throws IOException {
        while (tape.read(chunk, 0, chunk.length) > 0) {
            if (tape.taped() > CHUNK) {
                index.headers(tape.takeTape());
                checkRatio();
            }
        }
        index.headers(tape.takeTape());
        index.end();
        for (var entry : directoryTimes.entrySet()) {
            try (Fd directory = tree.reopen(entry.getKey())) {
                Instant time = entry.getValue();
                files.futimens(directory, time.getEpochSecond(), time.getNano());
                // One page was counted when it was made; directories of many files have more.
                diskBytes += Math.max(0, files.fstat(directory).blocks() * BLOCK - PAGE);
            } catch (ErrnoException e) {
                if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR)) {
                    throw e;
                }
            }
        }
    }

    private void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Map<String, byte[]> pax)
            throws IOException {
        String path = EntryPath.clean(name(entry.getName(), pax, "path", "GNU.sparse.name"));
        if (path.isEmpty()) {
            if (entry.isDirectory()) {
                try (Fd root = tree.reopen("")) {
                    attributes(root, entry, pax, path);
                }
            }
            return;
        }
        int slash = path.lastIndexOf('/');
        String parentPath = slash < 0 ? "" : path.substring(0, slash);
        String name = path.substring(slash + 1);
        switch (Whiteouts.meaning(name)) {
            case Whiteouts.Meaning.Ignored _ -> {}
            case Whiteouts.Meaning.Opaque _ -> {
                try (Fd directory = tree.reopen(parentPath)) {
                    Whiteouts.opaque(files, directory);
                }
            }
            case Whiteouts.Meaning.Deletes(String hidden) -> {
                tree.whiteout(tree.parent(parentPath), hidden);
                inodes++;
            }
            case Whiteouts.Meaning.Ordinary _ ->
                    make(tar, entry, pax, new Place(tree.parent(parentPath), name, path));
        }
    }

    /// Where an entry goes.
    private record Place(Fd parent, String name, String path) {}

    private void make(
            TarArchiveInputStream tar, TarArchiveEntry entry, Map<String, byte[]> pax, Place at)
            throws IOException {
        if (entry.isDirectory()) {
            try (Fd directory = tree.directory(at.parent(), at.name())) {
                attributes(directory, entry, pax, at.path());
            }
            diskBytes += PAGE;
        } else if (entry.isSymbolicLink()) {
            String target = linkTarget(entry, pax);
            tree.entry(
                    at.parent(), at.name(), () -> files.symlinkat(target, at.parent(), at.name()));
            entryAttributes(entry, pax, at);
        } else if (entry.isLink()) {
            hardLink(entry, pax, at);
            return;
        } else if (entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO()) {
            node(entry, pax, at);
        } else if (entry.isFile()) {
            file(tar, entry, pax, at);
        } else {
            throw new LayerRefusedException(
                    "'%s' is of the unknown type 0x%02x".formatted(at.path(), entry.getLinkFlag()));
        }
        inodes++;
    }

    private void node(TarArchiveEntry entry, Map<String, byte[]> pax, Place at) throws IOException {
        int type =
                entry.isFIFO()
                        ? FileCalls.S_IFIFO
                        : entry.isBlockDevice() ? FileCalls.S_IFBLK : FileCalls.S_IFCHR;
        int major = entry.isFIFO() ? 0 : entry.getDevMajor();
        int minor = entry.isFIFO() ? 0 : entry.getDevMinor();
        if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
            throw new LayerRefusedException(
                    "'%s' is device %d:%d".formatted(at.path(), major, minor));
        }
        tree.entry(
                at.parent(),
                at.name(),
                () -> files.mknodat(at.parent(), at.name(), type | 0600, major, minor));
        entryAttributes(entry, pax, at);
    }

    private void hardLink(TarArchiveEntry entry, Map<String, byte[]> pax, Place at)
            throws IOException {
        String target = EntryPath.clean(linkTarget(entry, pax));
        if (target.equals(at.path())) {
            return;
        }
        int slash = target.lastIndexOf('/');
        String fromPath = slash < 0 ? "" : target.substring(0, slash);
        String name = target.substring(slash + 1);
        // Opening one directory can close another that was open: the one that must stay open is
        // asked for last, and the other again in the call.
        tree.parent(fromPath);
        int end = at.path().lastIndexOf('/');
        Fd to = tree.parent(end < 0 ? "" : at.path().substring(0, end));
        try {
            tree.entry(
                    to, at.name(), () -> files.linkat(tree.parent(fromPath), name, to, at.name()));
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                copyFromBelow(entry, target, to, at);
                return;
            }
            if (e.is(Errno.EPERM)) {
                throw new LayerRefusedException(
                        "'%s' is a hard link to '%s', which is no file of this layer"
                                .formatted(at.path(), target),
                        e);
            }
            throw e;
        }
    }

    private void copyFromBelow(TarArchiveEntry entry, String target, Fd to, Place at)
            throws IOException {
        OptionalLong size = tree.copyFromBelow(target, to, at.name(), at.path(), this::count);
        if (size.isPresent()) {
            diskBytes += (size.getAsLong() + PAGE - 1) / PAGE * PAGE;
            inodes++;
            Instant time = time(entry);
            files.utimensat(to, at.name(), time.getEpochSecond(), time.getNano());
        }
    }

    private static String linkTarget(TarArchiveEntry entry, Map<String, byte[]> pax)
            throws LayerRefusedException {
        String target = name(entry.getLinkName(), pax, "linkpath", "linkpath");
        if (target.isEmpty() || target.length() > LINK_LIMIT || target.indexOf('\0') >= 0) {
            throw new LayerRefusedException("a link's target is empty or too long");
        }
        return target;
    }

    /// A name as the bytes in the archive say it: extended records are UTF-8, headers are whatever
    /// they are, and the library was told to keep their bytes as Latin-1.
    private static String name(
            String fromHeader, Map<String, byte[]> pax, String key, String otherKey) {
        byte[] raw = pax.getOrDefault(otherKey, pax.get(key));
        if (raw == null) {
            raw = fromHeader.getBytes(StandardCharsets.ISO_8859_1);
        }
        return FileName.decode(raw, 0, raw.length);
    }

    private void file(
            TarArchiveInputStream tar, TarArchiveEntry entry, Map<String, byte[]> pax, Place at)
            throws IOException {
        boolean sparse = entry.isSparse();
        long size = sparse ? entry.getRealSize() : entry.getSize();
        if (size < 0 || size > limits.bytes() - contentBytes) {
            throw new LayerRefusedException(
                    "'%s' brings the files to more than %d bytes"
                            .formatted(at.path(), limits.bytes()));
        }
        try (Fd file = tree.file(at.parent(), at.name())) {
            if (sparse) {
                sparse(tar, file, size);
                diskBytes += files.fstat(file).blocks() * BLOCK;
            } else if (size > 0) {
                tape.content(true);
                try {
                    content(tar, file, at.path(), size);
                } finally {
                    tape.content(false);
                }
                index.file(inTree(at), size);
            }
            diskBytes += sparse ? 0 : (size + PAGE - 1) / PAGE * PAGE;
            attributes(file, entry, pax, at.path());
        }
    }

    private String inTree(Place at) throws IOException {
        int slash = at.path().lastIndexOf('/');
        String parent = slash < 0 ? "" : tree.real(at.path().substring(0, slash));
        return parent.isEmpty() ? at.name() : parent + "/" + at.name();
    }

    private void content(TarArchiveInputStream tar, Fd file, String path, long size)
            throws IOException {
        long left = size;
        while (left > 0) {
            int got = fill(tar, (int) Math.min(chunk.length, left));
            if (got == 0) {
                throw new LayerRefusedException("the archive ends inside '" + path + "'");
            }
            buffer.clear().put(chunk, 0, got).flip();
            files.writeFully(file, buffer);
            left -= got;
            count(got);
        }
    }

    /// Holes arrive as zeros and are left out again. Their bytes count like others, so that a tiny
    /// archive cannot keep a processor busy for ever.
    private void sparse(TarArchiveInputStream tar, Fd file, long size) throws IOException {
        long at = 0;
        int got;
        while ((got = fill(tar, chunk.length)) > 0) {
            if (!zero(got)) {
                files.seek(file, at);
                buffer.clear().put(chunk, 0, got).flip();
                files.writeFully(file, buffer);
            }
            at += got;
            if (at > size) {
                throw new LayerRefusedException("a sparse file is longer than it says");
            }
            count(got);
            if (tape.taped() > CHUNK) {
                index.headers(tape.takeTape());
            }
        }
        files.ftruncate(file, size);
    }

    private boolean zero(int length) {
        return Arrays.mismatch(chunk, 0, length, ZEROS, 0, length) < 0;
    }

    private int fill(TarArchiveInputStream tar, int wanted) throws IOException {
        int have = 0;
        while (have < wanted) {
            int got = tar.read(chunk, have, wanted - have);
            if (got < 0) {
                break;
            }
            have += got;
        }
        return have;
    }

    private void count(long bytes) throws LayerRefusedException {
        contentBytes += bytes;
        if (contentBytes > limits.bytes()) {
            throw new LayerRefusedException("files hold more than " + limits.bytes() + " bytes");
        }
        checkRatio();
    }

    private void checkRatio() throws LayerRefusedException {
        long seen = Math.max(contentBytes, tape.position());
        if (seen > limits.ratioFloor()
                && seen / Math.max(1, compressedBytes.getAsLong()) > limits.ratio()) {
            throw new LayerRefusedException(
                    "content is more than %d times larger than the blob".formatted(limits.ratio()));
        }
    }

    private void attributes(Fd file, TarArchiveEntry entry, Map<String, byte[]> pax, String path)
            throws IOException {
        long uid = owner(entry.getLongUserId(), path);
        long gid = owner(entry.getLongGroupId(), path);
        // The order matters: a change of owner takes set-id bits and capabilities away.
        files.fchown(file, uid, gid);
        for (var attribute : ExtendedAttributes.of(pax).entrySet()) {
            try {
                files.fsetxattr(file, attribute.getKey(), attribute.getValue());
            } catch (ErrnoException e) {
                ExtendedAttributes.tolerate(e);
            }
        }
        files.fchmod(file, entry.getMode() & 07777);
        Instant time = time(entry);
        files.futimens(file, time.getEpochSecond(), time.getNano());
        if (entry.isDirectory()) {
            directoryTimesSize += 96L + 2L * path.length();
            if (directoryTimesSize < TIMES_LIMIT) {
                directoryTimes.put(path, time);
            }
        }
    }

    private void entryAttributes(TarArchiveEntry entry, Map<String, byte[]> pax, Place at)
            throws IOException {
        long uid = owner(entry.getLongUserId(), at.path());
        long gid = owner(entry.getLongGroupId(), at.path());
        files.fchownat(at.parent(), at.name(), uid, gid);
        if (!entry.isSymbolicLink()) {
            files.fchmodat(at.parent(), at.name(), entry.getMode() & 07777);
        }
        for (var attribute : ExtendedAttributes.of(pax).entrySet()) {
            try {
                files.lsetxattrat(at.parent(), at.name(), attribute.getKey(), attribute.getValue());
            } catch (ErrnoException e) {
                ExtendedAttributes.tolerate(e);
            }
        }
        Instant time = time(entry);
        files.utimensat(at.parent(), at.name(), time.getEpochSecond(), time.getNano());
    }

    private static long owner(long id, String path) throws LayerRefusedException {
        if (id < 0 || id >= 0xFFFF_FFFFL) {
            throw new LayerRefusedException("'%s' belongs to %d".formatted(path, id));
        }
        return id;
    }

    private static Instant time(TarArchiveEntry entry) {
        FileTime time = entry.getLastModifiedTime();
        return time == null ? Instant.EPOCH : time.toInstant();
    }
}
