package io.carpel.runtime.image;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.ContentStore;
import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.image.content.Manifest;
import io.carpel.runtime.image.content.ManifestReader;
import io.carpel.runtime.image.content.MediaTypes;
import io.carpel.runtime.image.snapshot.OverlaySnapshotter;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The catalog as `index.json` of the layout: one descriptor for each name of an image, or a single
/// one when it has none.
final class CatalogFile {
    private static final Logger LOG = LoggerFactory.getLogger(CatalogFile.class);
    private static final String NAME = "org.opencontainers.image.ref.name";
    private static final String REMOVED = "io.carpel.image.removed";

    private CatalogFile() {}

    static byte[] write(Catalog catalog) {
        ObjectNode root = Json.mapper().createObjectNode();
        root.put("schemaVersion", 2);
        root.put("mediaType", MediaTypes.OCI_INDEX);
        ArrayNode manifests = root.putArray("manifests");
        for (Catalog.Entry entry : catalog.all()) {
            List<String> names = catalog.names(entry.id());
            if (names.isEmpty()) {
                ObjectNode node = descriptor(manifests, entry);
                if (entry.removed()) {
                    node.putObject("annotations").put(REMOVED, "true");
                }
            }
            for (String name : names) {
                descriptor(manifests, entry).putObject("annotations").put(NAME, name);
            }
        }
        return Json.mapper().writeValueAsBytes(root);
    }

    private static ObjectNode descriptor(ArrayNode manifests, Catalog.Entry entry) {
        return manifests
                .addObject()
                .put("mediaType", entry.manifest().mediaType())
                .put("digest", entry.manifest().digest().toString())
                .put("size", entry.manifest().size());
    }

    /// Reads the catalog back. An image that lost a blob or a layer is reported and left out: it
    /// must be pulled again.
    static Catalog read(ContentStore content, OverlaySnapshotter layers) throws IOException {
        byte[] raw = content.readIndex();
        if (raw.length == 0) {
            return Catalog.empty();
        }
        Catalog catalog = Catalog.empty();
        try {
            for (JsonNode node : Json.read(raw).path("manifests")) {
                JsonNode annotations = node.path("annotations");
                Optional<Catalog.Entry> entry =
                        entry(
                                content,
                                layers,
                                node,
                                annotations.path(REMOVED).asString("").equals("true"));
                String name = annotations.path(NAME).asString("");
                if (entry.isPresent()) {
                    catalog = catalog.with(entry.get(), name.isEmpty() ? Set.of() : Set.of(name));
                }
            }
        } catch (JacksonException e) {
            LOG.error("index.json is damaged, images must be pulled again: {}", e.getMessage());
            return Catalog.empty();
        }
        return catalog;
    }

    private static Optional<Catalog.Entry> entry(
            ContentStore content, OverlaySnapshotter layers, JsonNode node, boolean removed) {
        String digest = node.path("digest").asString("");
        try {
            Descriptor descriptor =
                    Descriptor.of(
                            node.path("mediaType").asString(""),
                            Digest.parse(digest),
                            node.path("size").asLong());
            byte[] manifest = content.get(descriptor.digest());
            if (!(ManifestReader.read(manifest, descriptor.mediaType(), digest)
                    instanceof Manifest.Single single)) {
                throw new InvalidArgumentException("it is an index");
            }
            byte[] config = content.get(single.config().digest());
            ConfigReader.Parsed parsed = ConfigReader.read(config, digest);
            int missing = layers.find(parsed.diffIds()).indexOf(Optional.empty());
            if (missing >= 0) {
                throw new InvalidArgumentException(
                        "layer " + parsed.diffIds().get(missing) + " is missing");
            }
            return Optional.of(
                    new Catalog.Entry(
                            single.config().digest().toString(),
                            descriptor,
                            single.config().digest(),
                            parsed,
                            (long) manifest.length + config.length,
                            removed));
        } catch (IOException | ContainerRuntimeException e) {
            LOG.error("image with manifest {} is not whole: {}", digest, e.getMessage());
            return Optional.empty();
        }
    }
}
