package io.carpel.agent.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What the Helm chart says about the agent's options, from their declarations: the part `config`
/// of its values, and of the schema for them.
public final class ChartText {
    private static final int WIDTH = 96;
    private static final String HANDLERS =
            "Runtime handlers: a pod whose RuntimeClass names one is made with its settings. carpel"
                    + " has none, so that there is a class by which pods choose Carpel and nothing"
                    + " else. There may be any number of handlers, each with any of these keys;"
                    + " what is left out is as for all pods.";

    private ChartText() {}

    /// The key `config` in YAML: every option with its description and default.
    public static String values() {
        StringBuilder out = new StringBuilder("config:\n");
        String table = "";
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            if (!key.table().equals(table)) {
                table = key.table();
                out.append("\n  ").append(table).append(":\n");
            }
            String indent = table.isEmpty() ? "  " : "    ";
            comment(out, indent + "# ", ConfigText.describe(key));
            out.append(indent).append(key.leaf()).append(": ").append(key.fallbackToml());
            out.append('\n');
        }
        out.append('\n');
        comment(out, "  # ", HANDLERS);
        out.append("  #\n  #     NAME:\n");
        for (ConfigKey<?> key : HandlerKeys.ALL) {
            comment(out, "  #       # ", ConfigText.describe(key));
            out.append("  #       ").append(key.leaf()).append(": ");
            out.append(key.fallbackToml()).append('\n');
        }
        return out.append("  handlers:\n    carpel: {}\n").toString();
    }

    private static void comment(StringBuilder out, String prefix, String text) {
        ConfigText.wrap(text, WIDTH - prefix.length())
                .forEach(line -> out.append(prefix).append(line).append('\n'));
    }

    /// The JSON schema of `config`.
    public static ObjectNode schema() {
        ObjectNode config = object();
        ObjectNode top = config.putObject("properties");
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            ObjectNode properties = top;
            if (!key.table().isEmpty()) {
                if (!top.has(key.table())) {
                    top.set(key.table(), object().set("properties", empty()));
                }
                properties = (ObjectNode) top.get(key.table()).get("properties");
            }
            properties.set(key.leaf(), property(key));
        }
        ObjectNode handler = object();
        ObjectNode settings = handler.putObject("properties");
        HandlerKeys.ALL.forEach(key -> settings.set(key.leaf(), property(key)));
        ObjectNode handlers = object();
        handlers.putObject("patternProperties").set("^" + HandlerKeys.NAME + "$", handler);
        top.set(HandlerKeys.TABLE, handlers);
        return config;
    }

    private static ObjectNode property(ConfigKey<?> key) {
        ObjectNode schema = schema(key.type().shape());
        schema.put("description", ConfigText.describe(key));
        return schema;
    }

    private static ObjectNode schema(ConfigShape shape) {
        ObjectNode schema = empty();
        switch (shape) {
            case ConfigShape.Text(String pattern) ->
                    schema.put("type", "string").put("pattern", "^(?:" + pattern + ")$");
            case ConfigShape.Word(List<String> words) ->
                    words.forEach(schema.put("type", "string").putArray("enum")::add);
            case ConfigShape.Whole(long low, long high) ->
                    schema.put("type", "integer").put("minimum", low).put("maximum", high);
            case ConfigShape.Share() ->
                    schema.put("type", "number").put("minimum", 0).put("maximum", 1);
            case ConfigShape.Flag() -> schema.put("type", "boolean");
            case ConfigShape.Size(String pattern) -> {
                schema.putArray("type").add("string").add("integer");
                schema.put("pattern", "^(?:" + pattern + ")$").put("minimum", 0);
            }
            case ConfigShape.Items(ConfigShape element) ->
                    schema.put("type", "array").set("items", schema(element));
        }
        return schema;
    }

    /// An object that has no property but those that are named.
    private static ObjectNode object() {
        return empty().put("type", "object").put("additionalProperties", false);
    }

    private static ObjectNode empty() {
        return JsonMapper.shared().createObjectNode();
    }

    /// Rows for the commented keys of a values file, `path → (default, description)` as Markdown. A
    /// key without a comment is only a place for others, and what lies below a commented one is its
    /// default.
    ///
    /// @param text the file
    /// @param values what it means
    public static String table(String text, JsonNode values) {
        StringBuilder out = new StringBuilder("| value | default | |\n| --- | --- | --- |\n");
        StringBuilder comment = new StringBuilder();
        Deque<Map.Entry<Integer, String>> open = new ArrayDeque<>();
        int below = Integer.MAX_VALUE;
        for (String line : text.split("\n", -1)) {
            String bare = line.strip();
            int indent = line.length() - line.stripLeading().length();
            if (bare.startsWith("#")) {
                comment.append(bare.equals("#") ? "\n" : bare.substring(1));
                continue;
            }
            if (bare.isEmpty() || indent > below || !bare.matches("[A-Za-z0-9_.-]+:.*")) {
                comment.setLength(0);
                continue;
            }
            below = Integer.MAX_VALUE;
            while (!open.isEmpty() && open.getLast().getKey() >= indent) {
                open.removeLast();
            }
            open.addLast(Map.entry(indent, bare.substring(0, bare.indexOf(':'))));
            if (!comment.isEmpty()) {
                below = indent;
                row(out, open.stream().map(Map.Entry::getValue).toList(), values, comment);
            }
            comment.setLength(0);
        }
        return out.toString();
    }

    private static void row(
            StringBuilder out, List<String> path, JsonNode values, StringBuilder comment) {
        JsonNode value = values;
        for (String name : path) {
            value = value.path(name);
        }
        String about = comment.toString().strip().lines().findFirst().orElseThrow();
        out.append("| `")
                .append(String.join(".", path))
                .append("` | `")
                .append(value.toString().replace("|", "\\|"))
                .append("` | ")
                .append(about.replace("|", "\\|"))
                .append(" |\n");
    }
}
