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
import io.carpel.runtime.store.BackgroundRemoval;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Unpacked layers, each in a directory called by the hash of its archive:
///
/// ```
/// layers/<key>/fs           the files, an overlay lower layer as it is
/// layers/<key>/archive.zst  what is needed to make the archive again
/// layers/<key>/layer.json   size and the like, written last
/// ```
///
/// The key is the diff id for a layer that was unpacked without regard to others, which any number
/// of images may share. A few archives mean something else on top of other layers: `lib/x` without
/// an entry for `lib` goes to where a link `lib` of a lower layer leads, a directory without an
/// entry keeps the lower one's owner and mode, a hard link may name a lower layer's file. Those are
/// unpacked once more on top of what is below, under a key made from all those layers
/// ([FittedKeys]), and serve images with the very same layers below only. Whether that is needed
/// can be told from the layer's record and the layers below ([#needsFitting]), so nearly all layers
/// are unpacked once and in parallel.
///
/// A layer is made aside, checked, synced and renamed into place, so one that can be seen is whole.
/// Several images may share one. Thread-safe.
public final class OverlaySnapshotter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OverlaySnapshotter.class);
    private static final long WAIT_MILLIS = 100;
    private static final String RECORD_FILE = "layer.json";

    /// Stands for what may never have become a layer.
    private static final Digest NO_LAYER = Digest.parse("sha256:" + "0".repeat(64));

    private final Path layers;
    private final Path temporary;
    private final FileCalls files;
    private final LayerLimits limits;
    private final GroupSync sync;
    private final BackgroundRemoval removal;
    private final Map<Digest, Layer> present = new ConcurrentHashMap<>();
    private final Map<Making, CompletableFuture<Layer>> underWay = new ConcurrentHashMap<>();
    // Held while a layer comes into sight or goes out of it.
    private final Object moving = new Object();
    private final AtomicLong names = new AtomicLong();

    private OverlaySnapshotter(Path layers, Path temporary, FileCalls files, LayerLimits limits) {
        this.layers = layers;
        this.temporary = temporary;
        this.files = files;
        this.limits = limits;
        this.sync = new GroupSync(files, layers);
        this.removal = new BackgroundRemoval("image-removal", files, temporary);
    }

    /// A layer that is present.
    ///
    /// @param key what it is found by: its diff id, or one of [FittedKeys] when it was fitted
    /// @param directory its files
    /// @param implicit directories the archive had no entry for
    /// @param exact the archive can be made again
    /// @param lacking it refers to files of lower layers and is not right without them
    /// @param archiveBytes size of the archive, uncompressed
    public record Layer(
            Digest key,
            Digest diffId,
            Path directory,
            long bytes,
            long inodes,
            List<String> implicit,
            boolean exact,
            boolean lacking,
            long archiveBytes) {}

    /// What is to be made.
    ///
    /// @param below the layers below, lowest first; nothing to unpack without regard to them
    public record Target(Digest key, Digest diffId, Optional<List<Path>> below) {
        public static Target alone(Digest diffId) {
            return new Target(diffId, diffId, Optional.empty());
        }
    }

    /// Where a layer's blob comes from and what it must be.
    ///
    /// @param place who delivers it; nobody waits for a layer that comes from another place than
    ///   his
    /// @param blob hash of the blob as transferred; nothing when only the archive's is known
    /// @param size bytes of the blob; negative when unknown
    public record Source(String place, Optional<Digest> blob, long size, Opener opener) {}

    /// What is being made. A registry may hold a layer back that another one delivers at once, and
    /// so the place counts as well.
    private record Making(Digest key, String place) {}

    /// Begins the transfer of a blob.
    @FunctionalInterface
    public interface Opener {
        InputStream open() throws IOException;
    }

    /// Opens the layers in `layers`. What is not whole and whatever lies in `temporary` is deleted
    /// by and by.
    public static OverlaySnapshotter open(
            Path layers, Path temporary, FileCalls files, LayerLimits limits) throws IOException {
        OverlaySnapshotter snapshotter = new OverlaySnapshotter(layers, temporary, files, limits);
        snapshotter.sweep();
        snapshotter.load();
        return snapshotter;
    }

    /// New names are for what is left of an earlier run, so that nothing of this one meets them.
    private void sweep() throws IOException {
        try (Fd aside = files.open(temporary.toString(), FileCalls.O_RDONLY, 0)) {
            for (String name : files.list(aside)) {
                doom(aside, name, doomed(temporary.resolve(name)));
            }
        }
    }

    private BackgroundRemoval.Doomed doomed(Path directory) {
        long bytes = 0;
        long inodes = 0;
        try {
            LayerRecord record = record(directory, NO_LAYER, _ -> {});
            bytes = record.bytes();
            inodes = record.inodes();
        } catch (IOException _) {
            // Half made, or no layer: what it occupies is not known.
        }
        return doomed(bytes, inodes);
    }

    private static LayerRecord record(Path directory, Digest key, Consumer<String> oddity)
            throws IOException {
        try (InputStream in = Files.newInputStream(directory.resolve(RECORD_FILE))) {
            return LayerRecord.read(in, key, oddity);
        }
    }

    private static BackgroundRemoval.Doomed doomed(long bytes, long inodes) {
        return new BackgroundRemoval.Doomed("gone-" + UUID.randomUUID(), bytes, inodes);
    }

    private void doom(Fd holder, String name, BackgroundRemoval.Doomed doomed)
            throws ErrnoException {
        try (Fd aside = files.open(temporary.toString(), FileCalls.O_RDONLY, 0)) {
            files.renameat2(holder, name, aside, doomed.name(), FileCalls.RENAME_NOREPLACE);
        }
        removal.add(doomed);
    }

    private void load() throws IOException {
        List<String> broken = new ArrayList<>();
        try (var each = Files.newDirectoryStream(layers)) {
            for (Path directory : each) {
                String name = directory.getFileName().toString();
                try {
                    Digest key = Digest.parse("sha256:" + name);
                    if (!Files.isDirectory(directory.resolve("fs"), LinkOption.NOFOLLOW_LINKS)) {
                        throw new IOException("it has no files");
                    }
                    LayerRecord record = record(directory, key, odd -> warn(directory, odd));
                    present.put(key, layer(key, record));
                } catch (IOException | InvalidArgumentException e) {
                    LOG.warn("layer {} is not whole and is deleted: {}", directory, e.getMessage());
                    broken.add(name);
                }
            }
        }
        try (Fd directory = files.open(layers.toString(), FileCalls.O_RDONLY, 0)) {
            for (String name : broken) {
                doom(directory, name, doomed(layers.resolve(name)));
            }
        }
    }

    private static void warn(Path directory, String odd) {
        LOG.warn("layer {} is kept for those who use it, though its record {}", directory, odd);
    }

    private Layer layer(Digest key, LayerRecord record) {
        return new Layer(
                key,
                Digest.parse(record.diffId()),
                layers.resolve(key.hex()).resolve("fs"),
                record.bytes(),
                record.inodes(),
                List.copyOf(record.implicit()),
                record.exact(),
                record.lacking(),
                record.archiveBytes());
    }

    /// The directory of all layers; they are made on the same file system.
    public Path place() {
        return layers;
    }

    public Optional<Layer> find(Digest key) {
        return Optional.ofNullable(present.get(key));
    }

    /// The layers of an image, lowest first, each in the form that fits those below it; nothing for
    /// one that is not present.
    public List<Optional<Layer>> find(List<Digest> diffIds) {
        List<Optional<Layer>> out = new ArrayList<>();
        List<Digest> keys = FittedKeys.of(diffIds);
        for (int i = 0; i < diffIds.size(); i++) {
            Layer fitted = present.get(keys.get(i));
            out.add(Optional.ofNullable(fitted == null ? present.get(diffIds.get(i)) : fitted));
        }
        return out;
    }

    /// Whether the layer means something else on top of these layers than it was unpacked as.
    ///
    /// @param below lowest first
    public boolean needsFitting(Layer layer, List<Path> below) throws IOException {
        if (layer.lacking() || below.isEmpty() || layer.implicit().isEmpty()) {
            return layer.lacking();
        }
        Set<String> absent = new HashSet<>();
        try (LowerLayers lower = LowerLayers.open(files, below)) {
            for (String path : layer.implicit()) {
                int slash = path.lastIndexOf('/');
                if (slash > 0 && absent.contains(path.substring(0, slash))) {
                    absent.add(path);
                    continue;
                }
                switch (lower.at(path)) {
                    case LowerLayers.Entry.Missing _, LowerLayers.Entry.Other _ -> absent.add(path);
                    case LowerLayers.Entry.Link _ -> {
                        return true;
                    }
                    case LowerLayers.Entry.Directory directory -> {
                        if (lower.isSpecial(directory)) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }

    public List<Layer> list() {
        return List.copyOf(present.values());
    }

    /// The layer `target`, unpacked from `source` unless it is present or being made by somebody
    /// else from the same place, whose result is then waited for.
    ///
    /// @param check called while waiting; throws to stop
    public Layer ensure(Target target, Source source, Runnable check) throws IOException {
        Making making = new Making(target.key(), source.place());
        while (true) {
            check.run();
            Layer there = present.get(target.key());
            if (there != null) {
                return there;
            }
            CompletableFuture<Layer> mine = new CompletableFuture<>();
            CompletableFuture<Layer> other = underWay.putIfAbsent(making, mine);
            if (other == null) {
                try {
                    Layer made = make(target, source);
                    mine.complete(made);
                    return made;
                } catch (IOException | RuntimeException | Error e) {
                    mine.completeExceptionally(e);
                    throw e;
                } finally {
                    underWay.remove(making, mine);
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

    private Layer make(Target target, Source source) throws IOException {
        Digest key = target.key();
        String name = "layer-" + names.incrementAndGet() + "-" + key.hex().substring(0, 12);
        try (Fd aside = files.open(temporary.toString(), FileCalls.O_RDONLY, 0)) {
            boolean shown = false;
            try {
                files.mkdirat(aside, name, 0700);
                LayerRecord record = unpack(target, source, aside, name);
                Path directory = temporary.resolve(name);
                Files.write(
                        directory.resolve(RECORD_FILE), Json.mapper().writeValueAsBytes(record));
                sync.sync();
                Layer mine = layer(key, record);
                Optional<Layer> quicker = publish(aside, name, mine);
                shown = quicker.isEmpty();
                return quicker.orElse(mine);
            } finally {
                if (!shown) {
                    discard(aside, name);
                }
            }
        }
    }

    private LayerRecord unpack(Target target, Source source, Fd aside, String name)
            throws IOException {
        Digest diffId = target.diffId();
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
                result =
                        LayerUnpacker.unpack(
                                files,
                                limits,
                                archive,
                                blob::received,
                                root,
                                target.below(),
                                index);
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
                    LayerRecord.VERSION,
                    diffId.toString(),
                    result.bytes() + Files.size(index),
                    result.inodes() + 3,
                    result.implicit(),
                    result.exact(),
                    result.lacking(),
                    result.archiveBytes());
        }
    }

    /// @return the same layer from another place, when that was quicker
    private Optional<Layer> publish(Fd aside, String name, Layer layer) throws IOException {
        String place = layer.key().hex();
        synchronized (moving) {
            Layer quicker = present.get(layer.key());
            if (quicker != null) {
                return Optional.of(quicker);
            }
            try (Fd target = files.open(layers.toString(), FileCalls.O_RDONLY, 0)) {
                clear(target, place);
                files.renameat2(aside, name, target, place, FileCalls.RENAME_NOREPLACE);
                // In sight from here on, whatever comes of the sync.
                present.put(layer.key(), layer);
                files.fsync(target);
            }
        }
        return Optional.empty();
    }

    /// What lies there and is no layer in sight could not be taken away once.
    private void clear(Fd holder, String name) throws ErrnoException {
        try {
            files.fstatat(holder, name);
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                return;
            }
            throw e;
        }
        doom(holder, name, doomed(layers.resolve(name)));
    }

    private void discard(Fd aside, String name) {
        try {
            TreeRemoval.remove(files, aside, name);
        } catch (ErrnoException e) {
            LOG.warn("cannot delete {}: {}", temporary.resolve(name), e.getMessage());
        }
    }

    /// Takes the layer out of sight at once; its files are deleted by and by.
    ///
    /// @return bytes that are given back then
    /// @throws IOException when it could not be; then it is still there
    public long hide(Digest key) throws IOException {
        synchronized (moving) {
            Layer layer = present.get(key);
            if (layer == null) {
                return 0;
            }
            long freed = layer.bytes();
            try (Fd holder = files.open(layers.toString(), FileCalls.O_RDONLY, 0)) {
                doom(holder, key.hex(), doomed(layer.bytes(), layer.inodes()));
            } catch (ErrnoException e) {
                if (!e.is(Errno.ENOENT)) {
                    throw e;
                }
                freed = 0;
            }
            present.remove(key);
            return freed;
        }
    }

    /// What hidden layers still occupy.
    public long hiddenBytes() {
        return removal.bytes();
    }

    public long hiddenInodes() {
        return removal.inodes();
    }

    /// The layer's archive, uncompressed, exactly as it was.
    public InputStream archive(Layer layer) throws IOException {
        return RestoredArchive.open(
                files, layers.resolve(layer.key().hex()).resolve("archive.zst"), layer.directory());
    }

    @Override
    public void close() {
        removal.close();
    }
}
