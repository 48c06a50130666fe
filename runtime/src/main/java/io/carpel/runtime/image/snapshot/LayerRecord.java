package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// What is written beside a layer's files, as `layer.json`.
///
/// Layers outlive builds of this program, and containers run from them: one whose record is of
/// another build is never given up for that. Older forms are understood. Of a newer form, or of a
/// record that cannot be read, only the size is believed; the files were whole when they were put
/// in place, so containers may use them, and only an archive is not made from them.
record LayerRecord(
        int version,
        String diffId,
        long bytes,
        long inodes,
        List<String> implicit,
        boolean exact,
        boolean lacking,
        long archiveBytes) {
    /// Version 1 had no `lacking`: such layers were refused then.
    static final int VERSION = 2;

    /// Reads a record of any build.
    ///
    /// @param key of the layer
    /// @param oddity hears what is not as this build writes it
    static LayerRecord read(byte[] raw, Digest key, Consumer<String> oddity) {
        JsonNode node;
        try {
            node = Json.read(raw);
        } catch (JacksonException e) {
            oddity.accept(
                    "cannot be read: " + Printable.of(String.valueOf(e.getOriginalMessage())));
            return foreign(Json.mapper().createObjectNode(), key);
        }
        int version = node.path("version").asInt(0);
        if (version < 1 || version > VERSION) {
            oddity.accept("has version %d, this build knows up to %d".formatted(version, VERSION));
            return foreign(node, key);
        }
        if (!node.path("diffId").isString()
                || !node.path("implicit").isArray()
                || !node.path("bytes").isIntegralNumber()) {
            oddity.accept("is not complete");
            return foreign(node, key);
        }
        List<String> implicit = new ArrayList<>();
        node.path("implicit").forEach(path -> implicit.add(path.asString("")));
        return new LayerRecord(
                version,
                node.path("diffId").asString(),
                node.path("bytes").asLong(),
                node.path("inodes").asLong(0),
                implicit,
                node.path("exact").asBoolean(false),
                node.path("lacking").asBoolean(false),
                node.path("archiveBytes").asLong(0));
    }

    private static LayerRecord foreign(JsonNode node, Digest key) {
        return new LayerRecord(
                VERSION,
                key.toString(),
                Math.max(0, node.path("bytes").asLong(0)),
                Math.max(0, node.path("inodes").asLong(0)),
                List.of(),
                false,
                false,
                0);
    }
}
