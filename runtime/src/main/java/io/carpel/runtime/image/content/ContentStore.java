package io.carpel.runtime.image.content;

import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/// An OCI image layout of small blobs: manifests, indexes and configurations.
///
/// Layers are not kept as blobs, only unpacked. Everything is written aside, synced and renamed.
public final class ContentStore {
    /// Marks the directory as a layout; the version is the specification's.
    public static final byte[] LAYOUT =
            "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8);

    /// The largest blob that is kept or read here: manifests and configurations are small.
    public static final int BLOB_LIMIT = 16 << 20;

    private static final int INDEX_LIMIT = 256 << 20;

    private final Path root;
    private final Path temporary;
    private final FileCalls files;
    private volatile long indexSize;

    private ContentStore(Path root, Path temporary, FileCalls files) {
        this.root = root;
        this.temporary = temporary;
        this.files = files;
    }

    /// Opens or makes the layout in `root`; unfinished files lie in `temporary`, on the same
    /// filesystem.
    public static ContentStore open(Path root, Path temporary, FileCalls files) throws IOException {
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        for (String algorithm : List.of("sha256", "sha512")) {
            Files.createDirectories(root.resolve("blobs").resolve(algorithm), ownerOnly);
        }
        ContentStore store = new ContentStore(root, temporary, files);
        if (!Files.exists(root.resolve("oci-layout"))) {
            store.replace(root.resolve("oci-layout"), LAYOUT);
        }
        return store;
    }

    /// The directory of it all.
    public Path place() {
        return root;
    }

    private Path path(Digest digest) {
        return root.resolve("blobs").resolve(digest.algorithm()).resolve(digest.hex());
    }

    public boolean contains(Digest digest) {
        return Files.isRegularFile(path(digest));
    }

    /// Keeps a blob whose digest the caller has checked.
    public void put(Digest digest, byte[] content) throws IOException {
        if (!contains(digest)) {
            replace(path(digest), content);
        }
    }

    /// @throws NoSuchFileException when the blob is not here
    /// @throws IOException when it is not what its name says any more
    public byte[] get(Digest digest) throws IOException {
        byte[] content = readBounded(path(digest), BLOB_LIMIT);
        if (!digest.matches(content)) {
            throw new IOException("blob " + digest + " on disk is damaged");
        }
        return content;
    }

    /// @return the size of the blob; 0 when it was not here
    public long delete(Digest digest) throws IOException {
        Path path = path(digest);
        try {
            long size = Files.size(path);
            Files.delete(path);
            return size;
        } catch (NoSuchFileException _) {
            return 0;
        }
    }

    public long size(Digest digest) throws IOException {
        return Files.size(path(digest));
    }

    /// Every blob that is here.
    public List<Digest> list() throws IOException {
        List<Digest> out = new ArrayList<>();
        for (String algorithm : List.of("sha256", "sha512")) {
            try (var entries = Files.newDirectoryStream(root.resolve("blobs").resolve(algorithm))) {
                for (Path entry : entries) {
                    out.add(Digest.parse(algorithm + ":" + entry.getFileName()));
                }
            }
        }
        return out;
    }

    /// `index.json`, or nothing when there is none yet.
    public byte[] readIndex() throws IOException {
        try {
            byte[] index = readBounded(root.resolve("index.json"), INDEX_LIMIT);
            indexSize = index.length;
            return index;
        } catch (NoSuchFileException _) {
            return new byte[0];
        }
    }

    /// Publishes a new `index.json`: after a crash either the old or the new one is there.
    public void writeIndex(byte[] index) throws IOException {
        replace(root.resolve("index.json"), index);
        indexSize = index.length;
    }

    /// Bytes of `index.json` when it was last read or written.
    public long indexSize() {
        return indexSize;
    }

    private static byte[] readBounded(Path path, int limit) throws IOException {
        try (var in = Files.newInputStream(path)) {
            byte[] content = in.readNBytes(limit + 1);
            if (content.length > limit) {
                throw new IOException(path + " is larger than " + limit + " bytes");
            }
            return content;
        }
    }

    private void replace(Path target, byte[] content) throws IOException {
        Path aside = newFile();
        try {
            try (FileChannel out = FileChannel.open(aside, StandardOpenOption.WRITE)) {
                ByteBuffer data = ByteBuffer.wrap(content);
                while (data.hasRemaining()) {
                    out.write(data);
                }
                out.force(true);
            }
            Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(aside);
        }
        Path directory = target.getParent() == null ? root : target.getParent();
        try (Fd fd = files.open(directory.toString(), FileCalls.O_RDONLY, 0)) {
            files.fsync(fd);
        }
    }

    private Path newFile() throws IOException {
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        while (true) {
            Path path = temporary.resolve("blob-" + Long.toHexString(System.nanoTime()));
            try {
                return Files.createFile(path, ownerOnly);
            } catch (FileAlreadyExistsException _) {
                // another thread in the same nanosecond: take the next
            }
        }
    }
}
