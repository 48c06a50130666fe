package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.spec.Printable;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Reads an image's configuration blob.
final class ConfigReader {
    private static final int MEMBERS = 10_000;

    /// Characters that are kept in memory for as long as the image is present. The kernel takes no
    /// more than that for the arguments and variables of a process.
    private static final int KEPT = 1 << 20;

    private ConfigReader() {}

    /// The configuration and the hashes of its layers' archives, lowest first.
    record Parsed(ImageConfig config, List<Digest> diffIds) {}

    /// @param subject names the image in messages
    /// @throws InvalidArgumentException when the blob is malformed or beyond a bound
    static Parsed read(byte[] blob, String subject) {
        try {
            JsonNode root = Json.read(blob);
            if (!root.isObject()) {
                throw new InvalidArgumentException("it is no JSON object");
            }
            JsonNode config = root.path("config");
            List<Digest> diffIds = new ArrayList<>();
            for (String id : texts(root.path("rootfs").path("diff_ids"), "diff_ids")) {
                diffIds.add(Digest.parse(id));
            }
            return new Parsed(config(root, config), List.copyOf(diffIds));
        } catch (JacksonException e) {
            throw new InvalidArgumentException(
                    "configuration of %s is not JSON: %s"
                            .formatted(subject, Printable.of(e.getOriginalMessage())));
        } catch (InvalidArgumentException e) {
            throw new InvalidArgumentException(
                    "configuration of " + subject + " is malformed: " + e.getMessage(), e);
        }
    }

    private static ImageConfig config(JsonNode root, JsonNode config) {
        ImageConfig read = unbounded(root, config);
        long kept =
                Stream.of(
                                read.entrypoint().stream(),
                                read.cmd().stream(),
                                read.env().stream(),
                                read.labels().keySet().stream(),
                                read.labels().values().stream(),
                                read.volumes().stream(),
                                read.exposedPorts().stream(),
                                Stream.of(
                                        read.user(),
                                        read.workingDir(),
                                        read.stopSignal(),
                                        read.architecture(),
                                        read.os()))
                        .flatMap(texts -> texts)
                        .mapToLong(String::length)
                        .sum();
        if (kept > KEPT) {
            throw new InvalidArgumentException(
                    "its settings have %d characters, more than %d".formatted(kept, KEPT));
        }
        return read;
    }

    private static ImageConfig unbounded(JsonNode root, JsonNode config) {
        return new ImageConfig(
                texts(config.path("Entrypoint"), "Entrypoint"),
                texts(config.path("Cmd"), "Cmd"),
                texts(config.path("Env"), "Env"),
                config.path("User").asString(""),
                config.path("WorkingDir").asString(""),
                config.path("StopSignal").asString(""),
                labels(config.path("Labels")),
                keys(config.path("Volumes"), "Volumes"),
                keys(config.path("ExposedPorts"), "ExposedPorts"),
                root.path("architecture").asString(""),
                root.path("os").asString(""),
                created(root.path("created").asString("")));
    }

    private static Optional<Instant> created(String text) {
        try {
            return text.isEmpty()
                    ? Optional.empty()
                    : Optional.of(OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }

    private static List<String> texts(JsonNode node, String field) {
        List<String> out = new ArrayList<>();
        if (node.isMissingNode() || node.isNull()) {
            return out;
        }
        if (!node.isArray()) {
            throw new InvalidArgumentException(field + " is not a list");
        }
        bounded(node, field);
        for (JsonNode member : node) {
            if (!member.isString()) {
                throw new InvalidArgumentException(field + " has a member that is no string");
            }
            out.add(member.asString());
        }
        return out;
    }

    private static Map<String, String> labels(JsonNode node) {
        bounded(node, "Labels");
        Map<String, String> out = new LinkedHashMap<>();
        node.forEachEntry((key, value) -> out.put(key, value.asString("")));
        return out;
    }

    private static List<String> keys(JsonNode node, String field) {
        bounded(node, field);
        List<String> out = new ArrayList<>();
        node.forEachEntry((key, _) -> out.add(key));
        return out;
    }

    private static void bounded(JsonNode node, String field) {
        if (node.size() > MEMBERS) {
            throw new InvalidArgumentException(field + " has more than " + MEMBERS + " members");
        }
    }
}
