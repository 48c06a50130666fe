package io.carpel.runtime.network.cni;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A network: plugins to be run one after the other.
///
/// @param document the configuration as it was read, from which [#parse] makes this again
record CniNetworkList(
        String name,
        CniVersion version,
        boolean disableCheck,
        boolean disableGc,
        boolean onlyInlinedPlugins,
        List<Plugin> plugins,
        String document) {
    /// A plugin's part.
    ///
    /// @param type name of its program
    /// @param capabilities what it wants to be told in `runtimeConfig`
    /// @param config its configuration, without what the caller adds
    record Plugin(String type, Map<String, Boolean> capabilities, ObjectNode config) {}

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.\\-]{0,254}");
    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+\\-]{0,254}");
    private static final int MAX_PLUGINS = 64;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    CniNetworkList {
        plugins = List.copyOf(plugins);
    }

    /// Reads a network configuration list, the content of a `.conflist`.
    static CniNetworkList parse(byte[] content) throws CniConfigException {
        return ofDocument(tree(content));
    }

    /// Reads the configuration of a single plugin, the content of a `.conf` or `.json`, as a list
    /// of one.
    static CniNetworkList parseSingle(byte[] content) throws CniConfigException {
        ObjectNode plugin = tree(content);
        if (!plugin.path("type").isString()) {
            throw new CniConfigException(
                    plugin.has("plugins")
                            ? "a list of plugins belongs in a file named *.conflist"
                            : "type is missing");
        }
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        for (String field : List.of("cniVersion", "cniVersions", "name")) {
            if (plugin.has(field)) {
                document.set(field, plugin.get(field));
            }
        }
        document.put("loadOnlyInlinedPlugins", true);
        document.putArray("plugins").add(plugin);
        return ofDocument(document);
    }

    /// The same network with these plugins, from files of their own, after its own.
    CniNetworkList withPlugins(List<byte[]> contents) throws CniConfigException {
        ObjectNode document = tree(document().getBytes(StandardCharsets.UTF_8));
        ArrayNode all =
                document.get("plugins") instanceof ArrayNode present
                        ? present
                        : document.putArray("plugins");
        for (byte[] content : contents) {
            all.add(tree(content));
        }
        return ofDocument(document);
    }

    private static ObjectNode tree(byte[] content) throws CniConfigException {
        try {
            if (MAPPER.readTree(content) instanceof ObjectNode object) {
                return object;
            }
            throw new CniConfigException("is not a JSON object");
        } catch (JacksonException e) {
            throw new CniConfigException("is not JSON: " + e.getOriginalMessage() + at(e));
        }
    }

    private static String at(JacksonException e) {
        var location = e.getLocation();
        return location == null
                ? ""
                : " (line %d, column %d)".formatted(location.getLineNr(), location.getColumnNr());
    }

    private static CniNetworkList ofDocument(ObjectNode document) throws CniConfigException {
        String name = document.path("name").asString("");
        if (!NAME.matcher(name).matches()) {
            throw new CniConfigException(
                    name.isEmpty() ? "name is missing" : "name '%s' is malformed".formatted(name));
        }
        boolean onlyInlined = flag(document, "loadOnlyInlinedPlugins");
        JsonNode array = document.path("plugins");
        if (!array.isMissingNode() && !array.isArray()) {
            throw new CniConfigException("plugins is not a list");
        }
        if (array.isEmpty() && onlyInlined) {
            throw new CniConfigException("plugins is missing or empty");
        }
        if (array.size() > MAX_PLUGINS) {
            throw new CniConfigException("more than " + MAX_PLUGINS + " plugins");
        }
        var plugins = new ArrayList<Plugin>();
        for (JsonNode plugin : array.values()) {
            plugins.add(plugin(plugins.size(), plugin));
        }
        return new CniNetworkList(
                name,
                version(document),
                flag(document, "disableCheck"),
                flag(document, "disableGC"),
                onlyInlined,
                plugins,
                document.toString());
    }

    /// `cniVersions`, new in 1.1, lets a file serve old and new runtimes.
    private static CniVersion version(ObjectNode document) throws CniConfigException {
        var offered = new ArrayList<String>();
        for (JsonNode version : document.path("cniVersions").values()) {
            offered.add(version.asString(""));
        }
        String single = document.path("cniVersion").asString("");
        if (!single.isEmpty()) {
            offered.add(single);
        }
        if (offered.isEmpty()) {
            throw new CniConfigException("cniVersion is missing");
        }
        Optional<CniVersion> newest = CniVersion.newestOf(offered);
        return newest.orElseThrow(() ->
                new CniConfigException(
                        "cniVersion %s is not one of %s"
                                .formatted(
                                        String.join(", ", offered), List.of(CniVersion.values()))));
    }

    /// Some tools write the flags as strings, which libcni accepts as well.
    private static boolean flag(ObjectNode document, String field) throws CniConfigException {
        JsonNode value = document.path(field);
        if (value.isMissingNode() || value.isBoolean()) {
            return value.asBoolean(false);
        }
        return switch (value.asString("")) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new CniConfigException(field + " is neither true nor false: " + value);
        };
    }

    private static Plugin plugin(int index, JsonNode node) throws CniConfigException {
        if (!(node instanceof ObjectNode config)) {
            throw new CniConfigException("plugin %d is not an object".formatted(index));
        }
        String type = config.path("type").asString("");
        if (!TYPE.matcher(type).matches()) {
            throw new CniConfigException(
                    type.isEmpty()
                            ? "plugin %d has no type".formatted(index)
                            : "plugin %d: type '%s' is malformed".formatted(index, type));
        }
        var capabilities = new TreeMap<String, Boolean>();
        for (var capability : config.path("capabilities").properties()) {
            capabilities.put(capability.getKey(), capability.getValue().asBoolean(false));
        }
        return new Plugin(type, capabilities, config);
    }
}
