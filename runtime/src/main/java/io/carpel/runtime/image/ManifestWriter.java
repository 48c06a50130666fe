package io.carpel.runtime.image;

import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.image.content.MediaTypes;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// OCI documents of our own making, for archives.
final class ManifestWriter {
    private ManifestWriter() {}

    static byte[] manifest(Digest config, long configSize, List<Descriptor> layers) {
        ObjectNode root = Json.mapper().createObjectNode();
        root.put("schemaVersion", 2);
        root.put("mediaType", MediaTypes.OCI_MANIFEST);
        fill(root.putObject("config"), Descriptor.of(MediaTypes.OCI_CONFIG, config, configSize));
        ArrayNode list = root.putArray("layers");
        layers.forEach(layer -> fill(list.addObject(), layer));
        return Json.mapper().writeValueAsBytes(root);
    }

    static ObjectNode fill(ObjectNode node, Descriptor descriptor) {
        return node.put("mediaType", descriptor.mediaType())
                .put("digest", descriptor.digest().toString())
                .put("size", descriptor.size());
    }
}
