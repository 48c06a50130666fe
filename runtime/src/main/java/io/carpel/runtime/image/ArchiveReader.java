package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.image.content.ContentStore;
import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.image.content.Manifest;
import io.carpel.runtime.image.content.ManifestReader;
import io.carpel.runtime.image.content.MediaTypes;
import io.carpel.runtime.image.registry.PlatformChoice;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Finds the images in an archive: an OCI layout, or what `docker save` writes (which is both since
/// docker 25; the layout is preferred then, because it has digests).
final class ArchiveReader {
    private static final int INDEX_DEPTH = 3;
    private static final int IMAGES = 1000;
    private static final String CONTAINERD_NAME = "io.containerd.image.name";
    private static final String REF_NAME = "org.opencontainers.image.ref.name";

    private final ArchiveTree tree;

    ArchiveReader(ArchiveTree tree) {
        this.tree = tree;
    }

    /// An image in the archive.
    ///
    /// @param layers where each layer's blob lies, lowest first
    record Found(Incoming image, Set<String> names, List<Blob> layers) {}

    /// @param digest of the blob, when the archive tells
    record Blob(String path, Optional<Digest> digest, long size) {}

    List<Found> read() throws IOException {
        try {
            Optional<byte[]> index = tree.read("index.json", ManifestReader.LIMIT);
            if (index.isPresent()) {
                return layout(index.get());
            }
            Optional<byte[]> manifest = tree.read("manifest.json", ManifestReader.LIMIT);
            if (manifest.isPresent()) {
                return docker(Json.read(manifest.get()));
            }
        } catch (JacksonException e) {
            throw new InvalidArgumentException(
                    "archive has a manifest that is not JSON: "
                            + Printable.of(e.getOriginalMessage()));
        }
        throw new InvalidArgumentException(
                "archive is neither an OCI layout nor a docker archive: it has neither index.json"
                        + " nor manifest.json");
    }

    private List<Found> layout(byte[] indexBytes) throws IOException {
        if (!(ManifestReader.read(indexBytes, "", "the archive")
                instanceof Manifest.Index(_, List<Descriptor> entries))) {
            throw new InvalidArgumentException("index.json of the archive is no index");
        }
        // One image can stand there once for each of its names.
        Map<Digest, Set<String>> names = new LinkedHashMap<>();
        Map<Digest, Descriptor> tops = new LinkedHashMap<>();
        for (Descriptor entry : entries) {
            if (!MediaTypes.isIndex(entry.mediaType())
                    && !MediaTypes.isManifest(entry.mediaType())) {
                continue;
            }
            tops.putIfAbsent(entry.digest(), entry);
            Set<String> known = names.computeIfAbsent(entry.digest(), _ -> new LinkedHashSet<>());
            name(entry).ifPresent(known::add);
        }
        if (tops.isEmpty() || tops.size() > IMAGES) {
            throw new InvalidArgumentException(
                    "archive holds %d images, not 1 to %d".formatted(tops.size(), IMAGES));
        }
        List<Found> out = new ArrayList<>();
        for (Descriptor top : tops.values()) {
            out.add(image(top, names.getOrDefault(top.digest(), Set.of())));
        }
        return out;
    }

    /// The full name that stands beside an image; a bare tag names nothing.
    private static Optional<String> name(Descriptor entry) {
        String name = entry.annotations().getOrDefault(CONTAINERD_NAME, "");
        if (name.isEmpty()) {
            String ref = entry.annotations().getOrDefault(REF_NAME, "");
            name = ref.indexOf('/') >= 0 || ref.indexOf(':') >= 0 ? ref : "";
        }
        return name.isEmpty()
                ? Optional.empty()
                : Optional.of(ImageReference.parse(name).canonical());
    }

    private Found image(Descriptor top, Set<String> names) throws IOException {
        Descriptor descriptor = top;
        byte[] content = manifest(descriptor);
        String subject = top.digest().toString();
        Manifest manifest = ManifestReader.read(content, descriptor.mediaType(), subject);
        for (int depth = 0; manifest instanceof Manifest.Index(_, var manifests); depth++) {
            if (depth == INDEX_DEPTH) {
                throw new InvalidArgumentException("indexes of the archive are nested too deep");
            }
            descriptor =
                    PlatformChoice.forThisHost(manifests)
                            .orElseThrow(() ->
                                    new NotFoundException(
                                            "image %s in the archive is not made for %s"
                                                    .formatted(subject, PlatformChoice.host())));
            content = manifest(descriptor);
            manifest = ManifestReader.read(content, descriptor.mediaType(), subject);
        }
        Manifest.Single single = (Manifest.Single) manifest;
        byte[] config = tree.blob(single.config().digest(), ContentStore.BLOB_LIMIT);
        List<Blob> layers = new ArrayList<>();
        for (Descriptor layer : single.layers()) {
            layers.add(
                    new Blob(
                            ArchiveTree.blobPath(layer.digest()),
                            Optional.of(layer.digest()),
                            layer.size()));
        }
        Descriptor kept = Descriptor.of(single.mediaType(), descriptor.digest(), content.length);
        return found(
                new Incoming(
                        kept,
                        content,
                        single.config().digest(),
                        config,
                        ConfigReader.read(config, subject)),
                names,
                layers);
    }

    private byte[] manifest(Descriptor descriptor) throws IOException {
        return tree.blob(descriptor.digest(), ManifestReader.LIMIT);
    }

    private static Found found(Incoming image, Set<String> names, List<Blob> layers) {
        if (layers.size() != image.parsed().diffIds().size()) {
            throw new InvalidArgumentException(
                    "image %s in the archive has %d layers but its configuration names %d"
                            .formatted(
                                    image.config(),
                                    layers.size(),
                                    image.parsed().diffIds().size()));
        }
        return new Found(image, Set.copyOf(names), layers);
    }

    private List<Found> docker(JsonNode manifest) throws IOException {
        if (!manifest.isArray() || manifest.isEmpty() || manifest.size() > IMAGES) {
            throw new InvalidArgumentException("manifest.json of the archive is no list of images");
        }
        List<Found> out = new ArrayList<>();
        for (JsonNode entry : manifest) {
            out.add(dockerImage(entry));
        }
        return out;
    }

    /// The archive has no manifest in our sense; one is made, naming the layers by their archives.
    private Found dockerImage(JsonNode entry) throws IOException {
        String configPath = entry.path("Config").asString("");
        byte[] config =
                tree.read(configPath, ContentStore.BLOB_LIMIT)
                        .orElseThrow(() ->
                                new InvalidArgumentException(
                                        "archive has no file '%s'"
                                                .formatted(Printable.of(configPath))));
        ConfigReader.Parsed parsed = ConfigReader.read(config, "the archive");
        List<Blob> layers = new ArrayList<>();
        List<Descriptor> descriptors = new ArrayList<>();
        for (JsonNode layer : entry.path("Layers")) {
            String path = layer.asString("");
            long size = tree.size(path);
            layers.add(new Blob(path, Optional.empty(), size));
            if (descriptors.size() < parsed.diffIds().size()) {
                descriptors.add(
                        Descriptor.of(
                                MediaTypes.OCI_LAYER,
                                parsed.diffIds().get(descriptors.size()),
                                size));
            }
        }
        Digest id = Digest.of(config);
        byte[] manifest = ManifestWriter.manifest(id, config.length, descriptors);
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode tag : entry.path("RepoTags")) {
            names.add(ImageReference.parse(tag.asString("")).canonical());
        }
        Descriptor kept =
                Descriptor.of(MediaTypes.OCI_MANIFEST, Digest.of(manifest), manifest.length);
        return found(new Incoming(kept, manifest, id, config, parsed), names, layers);
    }
}
