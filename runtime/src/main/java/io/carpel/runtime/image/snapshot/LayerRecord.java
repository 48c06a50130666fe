package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.spec.Printable;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

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

    /// Characters of names of directories without an entry that are kept in mind, for as long as
    /// the layer is present. Archives of usual tools have an entry for each.
    static final int IMPLICIT_LIMIT = 128 * 1024;

    private static final Set<String> FIELDS =
            Set.of("version", "diffId", "bytes", "inodes", "exact", "lacking", "archiveBytes");

    /// What was read, whatever build wrote it.
    ///
    /// @param fields those of one value each
    /// @param implicit nothing when there was no such list
    /// @param whole whether it is the whole list
    private record Content(ObjectNode fields, Optional<List<String>> implicit, boolean whole) {
        static Content none() {
            return new Content(Json.mapper().createObjectNode(), Optional.empty(), true);
        }
    }

    /// Reads a record of any build. An earlier one kept every directory without an entry, millions
    /// if an archive had them: of those as many are taken as this one would keep.
    ///
    /// @param key of the layer
    /// @param oddity hears what is not as this build writes it
    static LayerRecord read(InputStream in, Digest key, Consumer<String> oddity) {
        Content content;
        try (JsonParser parser = Json.mapper().createParser(in)) {
            content = parse(parser);
        } catch (JacksonException e) {
            oddity.accept(
                    "cannot be read: " + Printable.of(String.valueOf(e.getOriginalMessage())));
            return foreign(Content.none().fields(), key);
        }
        ObjectNode node = content.fields();
        int version = node.path("version").asInt(0);
        if (version < 1 || version > VERSION) {
            oddity.accept("has version %d, this build knows up to %d".formatted(version, VERSION));
            return foreign(node, key);
        }
        if (!node.path("diffId").isString()
                || content.implicit().isEmpty()
                || !node.path("bytes").isIntegralNumber()) {
            oddity.accept("is not complete");
            return foreign(node, key);
        }
        return new LayerRecord(
                version,
                node.path("diffId").asString(),
                node.path("bytes").asLong(),
                node.path("inodes").asLong(0),
                content.implicit().get(),
                node.path("exact").asBoolean(false),
                node.path("lacking").asBoolean(false) || !content.whole(),
                node.path("archiveBytes").asLong(0));
    }

    private static Content parse(JsonParser parser) {
        ObjectNode fields = Json.mapper().createObjectNode();
        Optional<List<String>> implicit = Optional.empty();
        boolean whole = true;
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return Content.none();
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("implicit") && value == JsonToken.START_ARRAY) {
                List<String> paths = new ArrayList<>();
                whole = takePaths(parser, paths);
                implicit = Optional.of(List.copyOf(paths));
            } else if (FIELDS.contains(name)) {
                take(parser, value, fields);
            } else {
                parser.skipChildren();
            }
        }
        return new Content(fields, implicit, whole);
    }

    private static void take(JsonParser parser, JsonToken value, ObjectNode fields) {
        String name = parser.currentName();
        switch (value) {
            case VALUE_STRING -> fields.put(name, parser.getString());
            case VALUE_NUMBER_INT -> fields.put(name, parser.getLongValue());
            case VALUE_TRUE, VALUE_FALSE -> fields.put(name, parser.getBooleanValue());
            default -> parser.skipChildren();
        }
    }

    /// @return whether all of them were taken
    private static boolean takePaths(JsonParser parser, List<String> paths) {
        int size = 0;
        boolean whole = true;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            size += parser.getStringLength();
            whole = whole && size <= IMPLICIT_LIMIT;
            if (whole) {
                paths.add(parser.getString());
            }
            parser.skipChildren();
        }
        return whole;
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
