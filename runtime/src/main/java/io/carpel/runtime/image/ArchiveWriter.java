package io.carpel.runtime.image;

import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.image.content.ContentStore;
import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.image.content.MediaTypes;
import io.carpel.runtime.image.snapshot.OverlaySnapshotter;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes images as an OCI layout, into a directory or a tar archive, with docker's own list of
/// images beside it when docker is to read it.
final class ArchiveWriter {
    private final ImageStore store;
    private final PullProgress progress;
    private final Cancellation cancellation;
    private final Set<Digest> written = new HashSet<>();
    private final ObjectNode index = Json.mapper().createObjectNode();
    private final ArrayNode manifests;
    private final ArrayNode dockerList = Json.mapper().createArrayNode();

    ArchiveWriter(ImageStore store, PullProgress progress, Cancellation cancellation) {
        this.store = store;
        this.progress = progress;
        this.cancellation = cancellation;
        index.put("schemaVersion", 2).put("mediaType", MediaTypes.OCI_INDEX);
        manifests = index.putArray("manifests");
    }

    void write(List<String> refs, Path target, ImageArchives.Format format) {
        // A lease, so that no removal takes a layer away while it is read.
        String owner = "export-" + Long.toHexString(System.nanoTime());
        List<String> leased = new ArrayList<>();
        boolean done = false;
        try {
            for (String ref : refs) {
                leased.add(store.lease(store.requiredEntry(ref).id(), owner).id());
            }
            try (ArchiveTarget out = ArchiveTarget.open(target, format)) {
                for (String ref : refs) {
                    image(ref, out);
                }
                out.file("index.json", Json.mapper().writeValueAsBytes(index));
                out.file("oci-layout", ContentStore.LAYOUT);
                if (format == ImageArchives.Format.DOCKER_ARCHIVE) {
                    out.file("manifest.json", Json.mapper().writeValueAsBytes(dockerList));
                }
            }
            done = true;
        } catch (IOException e) {
            cancellation.check();
            throw Failures.local("export to " + target, placeOf(target), e);
        } finally {
            leased.forEach(id -> store.release(id, owner));
            if (!done) {
                discard(target);
            }
        }
    }

    private static Path placeOf(Path target) {
        Path parent = target.toAbsolutePath().getParent();
        return parent == null ? target : parent;
    }

    private void discard(Path target) {
        Path parent = target.toAbsolutePath().getParent();
        Path name = target.getFileName();
        if (parent == null || name == null) {
            return;
        }
        try (Fd directory = store.files().open(parent.toString(), FileCalls.O_RDONLY, 0)) {
            TreeRemoval.remove(store.files(), directory, name.toString());
        } catch (IOException _) {
            // What went wrong before is what the caller must hear.
        }
    }

    private void image(String ref, ArchiveTarget out) throws IOException {
        Catalog.Entry entry = store.requiredEntry(ref);
        byte[] config = store.blob(entry.config());
        List<Descriptor> layers = new ArrayList<>();
        ArrayNode paths = Json.mapper().createArrayNode();
        List<Digest> diffIds = entry.parsed().diffIds();
        List<Optional<OverlaySnapshotter.Layer>> present = store.layers().find(diffIds);
        for (int i = 0; i < diffIds.size(); i++) {
            Digest diffId = diffIds.get(i);
            OverlaySnapshotter.Layer layer =
                    present.get(i)
                            .orElseThrow(() -> new IOException("layer " + diffId + " is missing"));
            layers.add(layer(layer, out));
            paths.add(ArchiveTree.blobPath(diffId));
        }
        blob(entry.config(), config, out);
        byte[] manifest = ManifestWriter.manifest(entry.config(), config.length, layers);
        Descriptor descriptor =
                Descriptor.of(MediaTypes.OCI_MANIFEST, Digest.of(manifest), manifest.length);
        blob(descriptor.digest(), manifest, out);
        List<String> names = names(ref, entry);
        ObjectNode docker = dockerList.addObject();
        docker.put("Config", ArchiveTree.blobPath(entry.config()));
        ArrayNode tags = docker.putArray("RepoTags");
        docker.set("Layers", paths);
        if (names.isEmpty()) {
            ManifestWriter.fill(manifests.addObject(), descriptor);
        }
        for (String name : names) {
            ImageReference parsed = ImageReference.parse(name);
            ObjectNode annotations =
                    ManifestWriter.fill(manifests.addObject(), descriptor).putObject("annotations");
            annotations.put("io.containerd.image.name", name);
            annotations.put("org.opencontainers.image.ref.name", parsed.tag().orElse("latest"));
            tags.add(name);
        }
    }

    /// Names with a tag only: a digest names the manifest as it was in the registry, and this is
    /// another one.
    private List<String> names(String ref, Catalog.Entry entry) {
        Image image = store.lease(entry.id(), "names");
        store.release(entry.id(), "names");
        if (!ImageReference.looksLikeId(ref)) {
            String name = ImageReference.parse(ref).canonical();
            if (image.repoTags().contains(name)) {
                return List.of(name);
            }
        }
        return image.repoTags();
    }

    private void blob(Digest digest, byte[] content, ArchiveTarget out) throws IOException {
        if (written.add(digest)) {
            out.file(ArchiveTree.blobPath(digest), content);
        }
    }

    private Descriptor layer(OverlaySnapshotter.Layer layer, ArchiveTarget out) throws IOException {
        Digest diffId = layer.diffId();
        if (!layer.exact()) {
            throw new UnsupportedException(
                    "layer %s cannot be exported: its archive held one file twice"
                            .formatted(diffId));
        }
        if (written.add(diffId)) {
            MessageDigest hash = diffId.hasher();
            out.file(
                    ArchiveTree.blobPath(diffId),
                    layer.archiveBytes(),
                    to -> {
                        try (InputStream archive = store.layers().archive(layer)) {
                            archive.transferTo(new Counted(to, hash, diffId));
                        }
                    });
            if (!Digest.of(diffId.algorithm(), hash.digest()).equals(diffId)) {
                throw new IOException("layer " + diffId + " on disk was changed");
            }
        }
        return Descriptor.of(MediaTypes.OCI_LAYER, diffId, layer.archiveBytes());
    }

    /// Hashes, tells the progress, and heeds the caller's wish to stop.
    private final class Counted extends FilterOutputStream {
        private static final long STEP = 1 << 20;
        private final MessageDigest hash;
        private final Digest layer;
        private long written;
        private long told;

        Counted(OutputStream out, MessageDigest hash, Digest layer) {
            super(out);
            this.hash = hash;
            this.layer = layer;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            cancellation.check();
            out.write(from, offset, length);
            hash.update(from, offset, length);
            written += length;
            if (written - told >= STEP) {
                told = written;
                progress.on(new PullProgress.Event.Downloaded(layer.toString(), written, written));
            }
        }
    }
}
