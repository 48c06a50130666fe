package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.image.content.ContentStore;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.snapshot.FittedKeys;
import io.carpel.runtime.image.snapshot.OverlaySnapshotter;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What images are present: finding, listing, removing, leasing.
///
/// Reads take no lock: they look at one immutable [Catalog]. Changes happen one at a time under
/// `lock`, which is held while the new `index.json` is written, never while content is moved or
/// deleted. Thread-safe.
public final class ImageStore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageStore.class);
    private static final long PAGE = 4096;

    /// The store's own: its root, layers, temporary files, blobs by algorithm.
    private static final long DIRECTORIES = 6;

    private static final String ID_PREFIX = "sha256:";

    private final Path directory;
    private final ImageSettings settings;
    private final FileCalls files;
    private final Clock clock;
    private final ContentStore content;
    private final OverlaySnapshotter layers;
    private final ReentrantLock lock = new ReentrantLock();

    /// Owners by image id; guarded by `lock`.
    private final Map<String, Set<String>> leases = new HashMap<>();

    /// How many pulls under way need a layer or blob; guarded by `lock`.
    private final Map<Digest, Integer> needed = new HashMap<>();

    /// Whether the index on disk is older than the catalog; guarded by `lock`.
    private boolean unwritten;

    private volatile Catalog catalog;
    private volatile PinnedNames pinned;

    private ImageStore(
            Path directory,
            ImageSettings settings,
            FileCalls files,
            Clock clock,
            ContentStore content,
            OverlaySnapshotter layers,
            Catalog catalog) {
        this.directory = directory;
        this.settings = settings;
        this.files = files;
        this.clock = clock;
        this.content = content;
        this.layers = layers;
        this.pinned = new PinnedNames(settings.pinned());
        this.catalog = catalog;
    }

    /// Opens the store below `directory`, sweeps what an earlier run left half done, and leaves out
    /// images that are no longer whole.
    public static ImageStore open(
            Path directory, ImageSettings settings, FileCalls files, Clock clock) {
        try {
            var ownerOnly =
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------"));
            Path temporary = directory.resolve("tmp");
            Path layerDirectory = directory.resolve("layers");
            Files.createDirectories(temporary, ownerOnly);
            Files.createDirectories(layerDirectory, ownerOnly);
            ContentStore content = ContentStore.open(directory, temporary, files);
            OverlaySnapshotter layers =
                    OverlaySnapshotter.open(layerDirectory, temporary, files, settings.limits());
            Catalog catalog = CatalogFile.read(content, layers);
            return new ImageStore(directory, settings, files, clock, content, layers, catalog);
        } catch (IOException e) {
            throw new KernelFaultException(
                    "cannot open image store " + directory + ": " + e.getMessage(), e);
        }
    }

    /// The image by any form of reference: name, name with digest, id, unique beginning of an id.
    ///
    /// @throws InvalidArgumentException when `ref` is malformed, or the beginning of several ids
    public Optional<Image> find(String ref) {
        Catalog now = catalog;
        return entry(now, ref).map(entry -> image(now, entry));
    }

    private static Optional<Catalog.Entry> entry(Catalog now, String ref) {
        boolean idLike = ImageReference.looksLikeId(ref);
        if (!ref.startsWith(ID_PREFIX) && !isBareId(ref)) {
            Optional<Catalog.Entry> named =
                    now.byName(ImageReference.parse(ref).canonical()).filter(e -> !e.removed());
            if (named.isPresent() || !idLike) {
                return named;
            }
        } else if (!idLike) {
            throw new InvalidArgumentException(
                    "image reference '" + Printable.of(ref) + "' is malformed: not an image id");
        }
        List<Catalog.Entry> found =
                now.startingWith(ref.startsWith(ID_PREFIX) ? ref : ID_PREFIX + ref);
        if (found.size() > 1) {
            throw new InvalidArgumentException("image id '" + ref + "' is ambiguous");
        }
        return found.stream().findFirst();
    }

    private static boolean isBareId(String ref) {
        return ref.length() == 64 && ImageReference.looksLikeId(ref);
    }

    /// Every image, sorted by id.
    public List<Image> list() {
        Catalog now = catalog;
        return now.all().stream()
                .filter(entry -> !entry.removed())
                .map(entry -> image(now, entry))
                .toList();
    }

    private Image image(Catalog now, Catalog.Entry entry) {
        List<String> tags = new ArrayList<>();
        List<String> digests = new ArrayList<>();
        for (String name : now.names(entry.id())) {
            (name.indexOf('@') >= 0 ? digests : tags).add(name);
        }
        long size = entry.blobBytes();
        List<Path> directories = new ArrayList<>();
        Set<Digest> counted = new HashSet<>();
        for (Optional<OverlaySnapshotter.Layer> layer : layers.find(entry.parsed().diffIds())) {
            if (layer.isPresent()) {
                directories.add(layer.get().directory());
                size += counted.add(layer.get().key()) ? layer.get().bytes() : 0;
            }
        }
        PinnedNames kept = pinned;
        boolean keep = kept.matches(tags) || kept.matches(digests);
        return new Image(
                entry.id(), tags, digests, size, keep, entry.parsed().config(), directories);
    }

    /// From now on these names are pinned, and no others.
    ///
    /// @throws InvalidArgumentException naming one that is none
    public void pin(List<String> names) {
        pinned = new PinnedNames(names);
    }

    /// Takes away every name of the image, and its layers as soon as nobody has leased it. Returns
    /// when nobody can find them any more; the files are deleted by and by.
    ///
    /// @return the names that are gone; empty when there was no such image
    public List<String> remove(String ref) {
        List<String> names;
        lock.lock();
        try {
            Optional<Catalog.Entry> entry = entry(catalog, ref);
            if (entry.isEmpty()) {
                return List.of();
            }
            String id = entry.get().id();
            names = catalog.names(id);
            publishRemoval(catalog.without(id, leases.containsKey(id)));
        } finally {
            lock.unlock();
        }
        collect();
        return names;
    }

    private void publish(Catalog next) {
        try {
            content.writeIndex(CatalogFile.write(next));
        } catch (IOException e) {
            throw Failures.local("write the image index", content.place(), e);
        }
        unwritten = false;
        catalog = next;
    }

    /// A full disk must not keep what would make room: the index is then written with a later
    /// change. A restart before that finds images in it whose content is gone, and leaves them out.
    private void publishRemoval(Catalog next) {
        try {
            publish(next);
        } catch (ResourceExhaustedException e) {
            LOG.warn("images are removed though it cannot be written down: {}", e.getMessage());
            unwritten = true;
            catalog = next;
        }
    }

    /// What the store occupies, from remembered figures. Removed layers count until they are off
    /// the disk; what pulls under way have brought so far does not count yet.
    public ImageUsage usage() {
        long bytes = DIRECTORIES * PAGE + pages(content.indexSize()) + layers.hiddenBytes();
        long inodes = DIRECTORIES + 2L + layers.hiddenInodes();
        for (OverlaySnapshotter.Layer layer : layers.list()) {
            bytes += layer.bytes();
            inodes += layer.inodes();
        }
        for (Catalog.Entry entry : catalog.all()) {
            bytes +=
                    pages(entry.manifest().size())
                            + pages(entry.blobBytes() - entry.manifest().size());
            inodes += 2;
        }
        return new ImageUsage(directory, bytes, inodes, clock.instant());
    }

    private static long pages(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    /// The image's configuration blob, JSON as the registry gave it.
    public String configJson(String imageId) {
        return new String(blob(required(imageId).config()), StandardCharsets.UTF_8);
    }

    private Catalog.Entry required(String imageId) {
        return catalog.byId(imageId)
                .orElseThrow(() -> new NotFoundException("image '" + imageId + "' is not present"));
    }

    byte[] blob(Digest digest) {
        try {
            return content.get(digest);
        } catch (IOException e) {
            throw new KernelFaultException("cannot read blob " + digest + ": " + e.getMessage(), e);
        }
    }

    /// Keeps the image's layers on disk for `owner` (a container or a mount) until [#release], even
    /// when its names are removed. Leases are not written down: after a restart owners take them
    /// again from their own records, then [ImageGarbageCollector#collect] is due.
    ///
    /// @throws NotFoundException when there is no such image
    public Image lease(String imageId, String owner) {
        lock.lock();
        try {
            Catalog.Entry entry = required(imageId);
            leases.computeIfAbsent(imageId, _ -> new HashSet<>()).add(owner);
            return image(catalog, entry);
        } finally {
            lock.unlock();
        }
    }

    /// A lease on an image that is not whole any more, for an owner from before a restart: which
    /// layers he uses is not known, so none is deleted until it ends.
    public void leaseLost(String imageId, String owner) {
        lock.lock();
        try {
            leases.computeIfAbsent(imageId, _ -> new HashSet<>()).add(owner);
        } finally {
            lock.unlock();
        }
    }

    /// Ends a lease; one that was never taken is none.
    public void release(String imageId, String owner) {
        boolean last;
        lock.lock();
        try {
            Set<String> owners = leases.getOrDefault(imageId, new HashSet<>());
            last = owners.remove(owner) && owners.isEmpty();
            if (owners.isEmpty()) {
                leases.remove(imageId);
            }
            last &= catalog.byId(imageId).map(Catalog.Entry::removed).orElse(true);
        } finally {
            lock.unlock();
        }
        if (last) {
            collect();
        }
    }

    /// Deletes removed images without leases, and layers and blobs that belong to nothing.
    ///
    /// @return bytes that are given back, layers' by and by
    long collect() {
        List<Digest> layerVictims = new ArrayList<>();
        List<Digest> blobVictims = new ArrayList<>();
        long freed = 0;
        lock.lock();
        try {
            Catalog next = catalog;
            for (Catalog.Entry entry : next.all()) {
                if (entry.removed() && !leases.containsKey(entry.id())) {
                    next = next.without(entry.id(), false);
                }
            }
            if (next != catalog) {
                publishRemoval(next);
            }
            unneeded(layerVictims, blobVictims);
            // Under the lock, so that no pull that begins now counts on them.
            for (Digest digest : blobVictims) {
                freed += content.delete(digest);
            }
            for (Digest digest : layerVictims) {
                freed += layers.hide(digest);
            }
            if (unwritten) {
                publishRemoval(catalog);
            }
        } catch (IOException e) {
            LOG.warn("cannot delete images' content: {}", e.getMessage());
        } finally {
            lock.unlock();
        }
        return freed;
    }

    private void unneeded(Collection<Digest> layerVictims, Collection<Digest> blobVictims)
            throws IOException {
        if (leases.keySet().stream().anyMatch(id -> catalog.byId(id).isEmpty())) {
            return;
        }
        Set<Digest> keptLayers = new HashSet<>();
        for (Catalog.Entry entry : catalog.all()) {
            for (Optional<OverlaySnapshotter.Layer> layer : layers.find(entry.parsed().diffIds())) {
                layer.ifPresent(l -> keptLayers.add(l.key()));
            }
        }
        for (OverlaySnapshotter.Layer layer : layers.list()) {
            if (!keptLayers.contains(layer.key()) && !needed.containsKey(layer.key())) {
                layerVictims.add(layer.key());
            }
        }
        Set<Digest> keptBlobs = catalog.blobs();
        for (Digest digest : content.list()) {
            if (!keptBlobs.contains(digest) && !needed.containsKey(digest)) {
                blobVictims.add(digest);
            }
        }
    }

    /// Protects what a pull or import brings until it is published.
    Ingest ingest() {
        return new Ingest();
    }

    /// One image on its way in.
    final class Ingest implements AutoCloseable {
        private final List<Digest> mine = new ArrayList<>();

        private Ingest() {}

        /// From now on these layers are not deleted in any form, whether they are here already or
        /// come later.
        void needLayers(List<Digest> diffIds) {
            need(diffIds);
            need(FittedKeys.of(diffIds));
        }

        /// From now on these are not deleted, whether they are here already or come later.
        void need(Collection<Digest> digests) {
            lock.lock();
            try {
                for (Digest digest : digests) {
                    needed.merge(digest, 1, Integer::sum);
                    mine.add(digest);
                }
            } finally {
                lock.unlock();
            }
        }

        /// Makes the image present under these names. Its layers must be here.
        Image publish(Incoming image, Set<String> names) {
            try {
                content.put(image.manifest().digest(), image.manifestBytes());
                content.put(image.config(), image.configBytes());
            } catch (IOException e) {
                throw Failures.local("keep the image's manifest", content.place(), e);
            }
            Catalog.Entry entry =
                    new Catalog.Entry(
                            image.config().toString(),
                            image.manifest(),
                            image.config(),
                            image.parsed(),
                            (long) image.manifestBytes().length + image.configBytes().length,
                            false);
            lock.lock();
            try {
                ImageStore.this.publish(catalog.with(entry, names));
                return image(catalog, entry);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                for (Digest digest : mine) {
                    needed.computeIfPresent(digest, (_, count) -> count > 1 ? count - 1 : null);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    ImageSettings settings() {
        return settings;
    }

    OverlaySnapshotter layers() {
        return layers;
    }

    FileCalls files() {
        return files;
    }

    Path temporary() {
        return directory.resolve("tmp");
    }

    /// The image's entry by any form of reference.
    Catalog.Entry requiredEntry(String ref) {
        return entry(catalog, ref)
                .orElseThrow(() -> new NotFoundException("image '" + ref + "' is not present"));
    }

    @Override
    public void close() {
        layers.close();
    }
}
