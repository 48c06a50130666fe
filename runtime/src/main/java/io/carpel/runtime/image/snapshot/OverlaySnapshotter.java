package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/// Unpacked layers, each in a directory called by the hash of its archive:
///
/// ```
/// layers/<diff id>/fs           the files, an overlay lower layer as it is
/// layers/<diff id>/archive.zst  what is needed to make the archive again
/// layers/<diff id>/layer.json   size and the like, written last
/// ```
///
/// A layer is made aside, checked, synced and renamed into place, so one that can be seen is whole.
/// Several images may share one. Thread-safe.
public final class OverlaySnapshotter {
    private static final Logger LOG = LoggerFactory.getLogger(OverlaySnapshotter.class);
    private static final long WAIT_MILLIS = 100;

    private final Path layers;
    private final Path temporary;
    private final FileCalls files;
    private final LayerLimits limits;
    private final GroupSync sync;
    private final Map<Digest, Layer> present = new ConcurrentHashMap<>();
    private final Map<Digest, CompletableFuture<Layer>> underWay = new ConcurrentHashMap<>();
    private final Map<String, Long> hidden = new ConcurrentHashMap<>();
    private final AtomicLong names = new AtomicLong();

    private OverlaySnapshotter(Path layers, Path temporary, FileCalls files, LayerLimits limits) {
        this.layers = layers;
        this.temporary = temporary;
        this.files = files;
        this.limits = limits;
        this.sync = new GroupSync(files, layers);
    }

    /// A layer that is present.
    ///
    /// @param directory its files
    /// @param implicit directories the archive had no entry for
    /// @param exact the archive can be made again
    /// @param archiveBytes size of the archive, uncompressed
    public record Layer(
            Digest diffId,
            Path directory,
            long bytes,
            long inodes,
            List<String> implicit,
            boolean exact,
            long archiveBytes) {}

    /// What is written beside a layer's files.
    record LayerRecord(
            int version,
            String diffId,
            long bytes,
            long inodes,
            List<String> implicit,
            boolean exact,
            long archiveBytes) {}

    /// Where a layer's blob comes from and what it must be.
    ///
    /// @param blob hash of the blob as transferred; nothing when only the archive's is known
    /// @param size bytes of the blob; negative when unknown
    public record Source(Optional<Digest> blob, long size, Opener opener) {}

    /// Begins the transfer of a blob.
    @FunctionalInterface
    public interface Opener {
        InputStream open() throws IOException;
    }

    /// Opens the layers in `layers`, deletes what is not whole and whatever lies in `temporary`.
    public static OverlaySnapshotter open(
            Path layers, Path temporary, FileCalls files, LayerLimits limits) throws IOException {
        OverlaySnapshotter snapshotter = new OverlaySnapshotter(layers, temporary, files, limits);
        snapshotter.load();
        return snapshotter;
    }

    private void load() throws IOException {
        List<String> broken = new ArrayList<>();
        try (var each = Files.newDirectoryStream(layers)) {
            for (Path directory : each) {
                String name = directory.getFileName().toString();
                try {
                    Digest diffId = Digest.parse("sha256:" + name);
                    byte[] raw = Files.readAllBytes(directory.resolve("layer.json"));
                    LayerRecord record = Json.mapper().readValue(raw, LayerRecord.class);
                    present.put(diffId, layer(diffId, record));
                } catch (IOException | JacksonException | InvalidArgumentException e) {
                    LOG.warn("layer {} is not whole and is deleted: {}", directory, e.getMessage());
                    broken.add(name);
                }
            }
        }
        try (Fd directory = files.open(layers.toString(), FileCalls.O_RDONLY, 0)) {
            for (String name : broken) {
                TreeRemoval.remove(files, directory, name);
            }
        }
    }

    private Layer layer(Digest diffId, LayerRecord record) {
        return new Layer(
                diffId,
                layers.resolve(diffId.hex()).resolve("fs"),
                record.bytes(),
                record.inodes(),
                List.copyOf(record.implicit()),
                record.exact(),
                record.archiveBytes());
    }

    public Optional<Layer> find(Digest diffId) {
        return Optional.ofNullable(present.get(diffId));
    }

    public List<Layer> list() {
        return List.copyOf(present.values());
    }

    /// The layer `diffId`, unpacked from `source` unless it is present or being made by somebody
    /// else, whose result is then waited for.
    ///
    /// @param check called while waiting; throws to stop
    public Layer ensure(Digest diffId, Source source, Runnable check) throws IOException {
        while (true) {
            check.run();
            Layer there = present.get(diffId);
            if (there != null) {
                return there;
            }
            CompletableFuture<Layer> mine = new CompletableFuture<>();
            CompletableFuture<Layer> other = underWay.putIfAbsent(diffId, mine);
            if (other == null) {
                try {
                    Layer made = make(diffId, source);
                    mine.complete(made);
                    return made;
                } catch (IOException | RuntimeException | Error e) {
                    mine.completeExceptionally(e);
                    throw e;
                } finally {
                    underWay.remove(diffId, mine);
                }
            }
            Optional<Layer> joined = join(other, check);
            if (joined.isPresent()) {
                return joined.get();
            }
        }
    }

    /// Nothing when the other one failed: its reason may be its own, such as a cancellation.
    private static Optional<Layer> join(CompletableFuture<Layer> other, Runnable check) {
        while (true) {
            try {
                return Optional.of(other.get(WAIT_MILLIS, TimeUnit.MILLISECONDS));
            } catch (TimeoutException _) {
                check.run();
            } catch (ExecutionException _) {
                return Optional.empty();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancelledException("interrupted", e);
            }
        }
    }

    private Layer make(Digest diffId, Source source) throws IOException {
        String name = "layer-" + names.incrementAndGet() + "-" + diffId.hex().substring(0, 12);
        try (Fd aside = files.open(temporary.toString(), FileCalls.O_RDONLY, 0)) {
            boolean renamed = false;
            try {
                files.mkdirat(aside, name, 0700);
                LayerRecord record = unpack(diffId, source, aside, name);
                Path directory = temporary.resolve(name);
                Files.write(
                        directory.resolve("layer.json"), Json.mapper().writeValueAsBytes(record));
                sync.sync();
                publish(aside, name, diffId);
                renamed = true;
                Layer layer = layer(diffId, record);
                present.put(diffId, layer);
                return layer;
            } finally {
                if (!renamed) {
                    discard(aside, name);
                }
            }
        }
    }

    private LayerRecord unpack(Digest diffId, Source source, Fd aside, String name)
            throws IOException {
        Path index = temporary.resolve(name).resolve("archive.zst");
        files.mkdirat(aside, name + "/fs", 0755);
        try (Fd root =
                        files.openat2(
                                aside,
                                name + "/fs",
                                FileCalls.O_RDONLY | FileCalls.O_DIRECTORY,
                                0,
                                FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS);
                VerifiedBlob blob =
                        new VerifiedBlob(source.opener().open(), source.blob(), source.size())) {
            LayerUnpacker.Result result;
            // A decompressor holds native memory: closed here even when unpacking fails.
            try (InputStream archive = Compression.open(blob)) {
                result = LayerUnpacker.unpack(files, limits, archive, blob::received, root, index);
                blob.verify();
            }
            if (!result.diffId().equals(diffId)) {
                throw new DigestMismatchException(
                        "layer %s unpacks to %s instead of %s"
                                .formatted(
                                        source.blob()
                                                .map(Digest::toString)
                                                .orElse("of the archive"),
                                        result.diffId(),
                                        diffId));
            }
            return new LayerRecord(
                    1,
                    diffId.toString(),
                    result.bytes() + Files.size(index),
                    result.inodes() + 3,
                    result.implicit(),
                    result.exact(),
                    result.archiveBytes());
        }
    }

    private void publish(Fd aside, String name, Digest diffId) throws IOException {
        try (Fd target = files.open(layers.toString(), FileCalls.O_RDONLY, 0)) {
            files.renameat2(aside, name, target, diffId.hex(), FileCalls.RENAME_NOREPLACE);
            files.fsync(target);
        }
    }

    private void discard(Fd aside, String name) {
        try {
            TreeRemoval.remove(files, aside, name);
        } catch (ErrnoException e) {
            LOG.warn("cannot delete {}: {}", temporary.resolve(name), e.getMessage());
        }
    }

    /// Takes the layer out of sight at once; [#deleteHidden] deletes it.
    public void hide(Digest diffId) throws IOException {
        Layer layer = present.remove(diffId);
        if (layer == null) {
            return;
        }
        String aside = "gone-" + names.incrementAndGet() + "-" + diffId.hex().substring(0, 12);
        try (Fd from = files.open(layers.toString(), FileCalls.O_RDONLY, 0);
                Fd to = files.open(temporary.toString(), FileCalls.O_RDONLY, 0)) {
            files.renameat2(from, diffId.hex(), to, aside, FileCalls.RENAME_NOREPLACE);
            hidden.put(aside, layer.bytes());
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }

    /// Deletes hidden layers from the disk, which can take a while.
    ///
    /// @return bytes given back
    public long deleteHidden() {
        long freed = 0;
        for (String name : List.copyOf(hidden.keySet())) {
            Long bytes = hidden.remove(name);
            if (bytes == null) {
                continue;
            }
            try (Fd aside = files.open(temporary.toString(), FileCalls.O_RDONLY, 0)) {
                TreeRemoval.remove(files, aside, name);
                freed += bytes;
            } catch (ErrnoException e) {
                LOG.warn("cannot delete {}: {}", temporary.resolve(name), e.getMessage());
            }
        }
        return freed;
    }

    /// Writes the layer's archive, uncompressed, exactly as it was.
    public void restore(Layer layer, OutputStream to) throws IOException {
        Path directory = layers.resolve(layer.diffId().hex());
        try (Fd root = files.open(layer.directory().toString(), FileCalls.O_RDONLY, 0)) {
            ArchiveIndex.restore(directory.resolve("archive.zst"), root, files, to);
        }
    }
}
