package io.carpel.runtime.image.content;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Reads manifests strictly: a document that could be taken for two things at once is refused
/// (CVE-2021-41190), and so is one whose type differs from what it was announced as.
public final class ManifestReader {
    /// Manifests and indexes larger than this are refused, as registries do.
    public static final int LIMIT = 4 << 20;

    private static final int LAYERS = 500;
    private static final int MANIFESTS = 2000;

    private ManifestReader() {}

    /// @param announced the media type of the descriptor or of the answer's header; empty when
    ///   there was none
    /// @param subject names the image in messages
    public static Manifest read(byte[] content, String announced, String subject) {
        try {
            return parse(Json.read(content), announced);
        } catch (JacksonException e) {
            throw new InvalidArgumentException(
                    "manifest of "
                            + subject
                            + " is not JSON: "
                            + Printable.of(e.getOriginalMessage()));
        } catch (UnsupportedException e) {
            throw new UnsupportedException("manifest of " + subject + ": " + e.getMessage());
        } catch (ContainerRuntimeException | Malformed e) {
            throw new InvalidArgumentException(
                    "manifest of " + subject + " is malformed: " + e.getMessage());
        }
    }

    private static Manifest parse(JsonNode root, String announced) {
        boolean single = root.has("layers") || root.has("config");
        boolean index = root.has("manifests");
        if (root.has("fsLayers")) {
            throw new UnsupportedException(
                    "docker's first image schema is not supported; push the image again");
        }
        if (single == index) {
            throw new Malformed("it is neither one manifest nor one index");
        }
        if (root.path("schemaVersion").asInt(0) != 2) {
            throw new Malformed("schemaVersion is not 2");
        }
        String own = root.path("mediaType").asString("");
        if (!own.isEmpty() && !announced.isEmpty() && !own.equals(announced)) {
            throw new Malformed(
                    "it calls itself '%s' but was announced as '%s'"
                            .formatted(Printable.of(own), Printable.of(announced)));
        }
        String type = own.isEmpty() ? announced : own;
        if (type.isEmpty()) {
            type = index ? MediaTypes.OCI_INDEX : MediaTypes.OCI_MANIFEST;
        }
        if (index ? !MediaTypes.isIndex(type) : !MediaTypes.isManifest(type)) {
            throw new Malformed("its content does not fit its type '" + Printable.of(type) + "'");
        }
        return index ? index(root, type) : single(root, type);
    }

    private static Manifest.Index index(JsonNode root, String type) {
        return new Manifest.Index(
                type, descriptors(root.path("manifests"), MANIFESTS, "manifests"));
    }

    private static Manifest.Single single(JsonNode root, String type) {
        Descriptor config = descriptor(root.path("config"));
        if (!MediaTypes.isConfig(config.mediaType())) {
            throw new UnsupportedException(
                    "configuration of type '%s' is not a container image's"
                            .formatted(Printable.of(config.mediaType())));
        }
        List<Descriptor> layers = descriptors(root.path("layers"), LAYERS, "layers");
        for (Descriptor layer : layers) {
            if (!MediaTypes.isLayer(layer.mediaType())) {
                throw new UnsupportedException(
                        "layer of type '%s' is not supported"
                                .formatted(Printable.of(layer.mediaType())));
            }
        }
        return new Manifest.Single(type, config, layers);
    }

    private static List<Descriptor> descriptors(JsonNode list, int limit, String field) {
        if (!list.isArray()) {
            throw new Malformed(field + " is not a list");
        }
        if (list.size() > limit) {
            throw new Malformed(field + " has " + list.size() + " members, more than " + limit);
        }
        List<Descriptor> out = new ArrayList<>();
        for (JsonNode member : list) {
            out.add(descriptor(member));
        }
        return out;
    }

    private static Descriptor descriptor(JsonNode node) {
        if (!node.isObject()
                || !node.path("digest").isString()
                || !node.path("size").isIntegralNumber()
                || !node.path("size").canConvertToLong()) {
            throw new Malformed("a descriptor lacks digest or size");
        }
        long size = node.path("size").asLong();
        if (size < 0) {
            throw new Malformed("a descriptor has the negative size " + size);
        }
        List<String> urls = new ArrayList<>();
        for (JsonNode url : node.path("urls")) {
            urls.add(url.asString(""));
        }
        return new Descriptor(
                node.path("mediaType").asString(""),
                Digest.parse(node.path("digest").asString()),
                size,
                annotations(node.path("annotations")),
                platform(node.path("platform")),
                urls);
    }

    private static Map<String, String> annotations(JsonNode node) {
        Map<String, String> out = new HashMap<>();
        node.forEachEntry((key, value) -> out.put(key, value.asString("")));
        return out;
    }

    private static Optional<Descriptor.Platform> platform(JsonNode node) {
        if (!node.isObject()) {
            return Optional.empty();
        }
        return Optional.of(
                new Descriptor.Platform(
                        node.path("os").asString(""),
                        node.path("architecture").asString(""),
                        node.path("variant").asString("")));
    }

    /// Stays inside this class: becomes a message that names the image.
    private static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }
}
