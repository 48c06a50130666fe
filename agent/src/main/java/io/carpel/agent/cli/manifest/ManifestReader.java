package io.carpel.agent.cli.manifest;

import io.carpel.agent.config.NameSuggestion;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.type.LogicalType;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Reads a Pod from YAML or JSON and refuses what it does not understand wholly.
public final class ManifestReader {
    /// A pod in etcd is at most 1.5 MiB.
    private static final long MAX_BYTES = 2 << 20;

    private static final YAMLMapper MAPPER = mapper();

    private ManifestReader() {}

    /// The Kubernetes model puts unknown fields aside; without its setter for them they are errors.
    private static final class NoUnknownFields extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
            return false;
        }
    }

    /// Reads a file.
    public static PodManifest read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new ManifestException(file + " is larger than " + MAX_BYTES + " bytes");
            }
            Path absolute = file.toAbsolutePath();
            return parse(
                    Files.readString(file, StandardCharsets.UTF_8),
                    file.toString(),
                    Objects.requireNonNullElse(absolute.getParent(), absolute));
        } catch (NoSuchFileException e) {
            throw new ManifestException("cannot read " + file + ": no such file", e);
        } catch (IOException e) {
            throw new ManifestException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /// Reads a text.
    ///
    /// @param source how messages call it
    public static PodManifest parse(String text, String source, Path directory) {
        JsonNode tree = tree(text, source);
        YamlLines lines = new YamlLines(MAPPER.createParser(new StringReader(text)));
        Place place = new Place(source, lines);
        check(tree, place);
        Pod pod;
        try {
            pod = MAPPER.treeToValue(tree, Pod.class);
        } catch (UnrecognizedPropertyException e) {
            List<String> known = e.getKnownPropertyIds().stream().map(String::valueOf).toList();
            throw place.wrong(
                    path(e), "unknown field" + NameSuggestion.hint(e.getPropertyName(), known), e);
        } catch (MismatchedInputException e) {
            throw place.wrong(path(e), wanted(e), e);
        } catch (JacksonException e) {
            throw place.wrong(path(e), e.getOriginalMessage(), e);
        }
        walk(tree, "", "", place);
        PodManifest manifest = new PodManifest(pod, directory);
        ManifestRules.check(manifest, place);
        return manifest;
    }

    /// Names a place of the text.
    record Place(String source, YamlLines lines) {
        ManifestException wrong(String path, String problem) {
            return new ManifestException(text(path, problem));
        }

        ManifestException wrong(String path, String problem, Throwable cause) {
            return new ManifestException(text(path, problem), cause);
        }

        private String text(String path, String problem) {
            return "%s:%d: %s: %s".formatted(source, lines.of(path), path, problem);
        }
    }

    private static JsonNode tree(String text, String source) {
        try (var documents = MAPPER.readerFor(JsonNode.class).<JsonNode>readValues(text)) {
            List<JsonNode> all =
                    documents.readAll().stream()
                            .filter(node -> !node.isNull() && !node.isMissingNode())
                            .toList();
            if (all.size() != 1) {
                throw new ManifestException(
                        "%s holds %d documents, wanted one Pod".formatted(source, all.size()));
            }
            return all.getFirst();
        } catch (JacksonException e) {
            String problem = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
            throw new ManifestException(
                    "%s:%d: not valid YAML: %s"
                            .formatted(source, e.getLocation().getLineNr(), problem),
                    e);
        }
    }

    private static void check(JsonNode tree, Place place) {
        if (!tree.isObject()) {
            throw new ManifestException(place.source() + " is not a mapping, wanted a Pod");
        }
        String kind = tree.path("kind").asString("");
        String version = tree.path("apiVersion").asString("");
        if (!kind.equals("Pod") || !version.equals("v1")) {
            throw new ManifestException(
                    "%s: kind is '%s' of '%s', wanted Pod of v1"
                            .formatted(place.source(), kind, version));
        }
    }

    /// Refuses every field with a value that is not in [SupportedFields].
    private static void walk(JsonNode node, String path, String pattern, Place place) {
        if (SupportedFields.isLeaf(pattern) || node.isNull()) {
            return;
        }
        if (node.isContainer() && node.isEmpty()) {
            return;
        }
        if (!pattern.isEmpty() && !SupportedFields.isParent(pattern)) {
            throw place.wrong(path, SupportedFields.reason(pattern));
        }
        if (SupportedFields.isMap(pattern)) {
            return;
        }
        if (node.isArray()) {
            int index = 0;
            for (JsonNode item : node) {
                walk(item, path + "[" + index++ + "]", pattern + "[]", place);
            }
            return;
        }
        String dot = path.isEmpty() ? "" : ".";
        for (var field : node.properties()) {
            String name = dot + field.getKey();
            walk(field.getValue(), path + name, pattern + name, place);
        }
    }

    private static String path(JacksonException e) {
        StringBuilder path = new StringBuilder();
        for (var step : e.getPath()) {
            String name = step.getPropertyName();
            if (name == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(name);
            }
        }
        return path.toString();
    }

    private static String wanted(MismatchedInputException e) {
        Class<?> type = e.getTargetType();
        if (type == null) {
            return e.getOriginalMessage();
        }
        if (type == String.class) {
            return "wanted a string (put it in quotes)";
        }
        if (type == Boolean.class) {
            return "wanted true or false";
        }
        if (Number.class.isAssignableFrom(type)) {
            return "wanted a number";
        }
        if (java.util.Collection.class.isAssignableFrom(type)) {
            return "wanted a list";
        }
        return "wanted a mapping of " + type.getSimpleName();
    }

    private static YAMLMapper mapper() {
        return YAMLMapper.builder()
                .annotationIntrospector(new NoUnknownFields())
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .withCoercionConfig(
                        LogicalType.Textual,
                        text ->
                                text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                                        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                                        .setCoercion(
                                                CoercionInputShape.Boolean, CoercionAction.Fail))
                .build();
    }
}
