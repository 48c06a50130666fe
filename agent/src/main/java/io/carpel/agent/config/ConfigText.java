package io.carpel.agent.config;

import java.util.ArrayList;
import java.util.List;

/// Writes what people read about the configuration: the commented default file and the values in
/// effect.
public final class ConfigText {
    private static final int WIDTH = 96;

    private ConfigText() {}

    /// The default file: every key with its description, commented out.
    public static String defaultFile() {
        StringBuilder out =
                new StringBuilder(
                        """
                        # Configuration of the Carpel agent, /etc/carpel/config.toml.
                        # Files config.toml.d/*.toml are read after it, in lexical order; then the environment
                        # and the flags of `carpel serve`. A later value replaces an earlier one.
                        # Each line shows a default: remove the '#' to change it.
                        # Written by `carpel config default`.
                        """);
        String table = "";
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            if (!key.table().equals(table)) {
                table = key.table();
                out.append("\n[").append(table).append("]\n");
            }
            out.append('\n');
            for (String line : wrap(describe(key), WIDTH - 2)) {
                out.append("# ").append(line).append('\n');
            }
            String value = "#" + key.leaf() + " = " + key.fallbackToml();
            out.append(value).append('\n');
        }
        handlerTemplate(out);
        return out.toString();
    }

    /// How a handler may look, all of it a comment: there is none by default.
    private static void handlerTemplate(StringBuilder out) {
        String text =
                "Runtime handlers: a pod whose RuntimeClass names one is made with the settings in"
                        + " its table. There may be any number of such tables, each with any of"
                        + " these keys; what is left out is as for all pods.";
        out.append('\n');
        wrap(text, WIDTH - 2).forEach(line -> out.append("# ").append(line).append('\n'));
        out.append("#\n#     [").append(HandlerKeys.TABLE).append(".NAME]\n");
        for (ConfigKey<?> key : HandlerKeys.ALL) {
            out.append("#\n");
            for (String line : wrap(describe(key), WIDTH - 8)) {
                out.append("#     # ").append(line).append('\n');
            }
            out.append("#     ").append(key.leaf()).append(" = ");
            out.append(key.fallbackToml()).append('\n');
        }
    }

    /// Every value with its origin, as TOML with the origin in a comment.
    public static String effective(AgentConfig config) {
        StringBuilder out = new StringBuilder();
        String table = "";
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            if (!key.table().equals(table)) {
                table = key.table();
                out.append("\n[").append(table).append("]\n");
            }
            out.append(key.leaf())
                    .append(" = ")
                    .append(config.toml(key))
                    .append("  # ")
                    .append(config.origin(key))
                    .append('\n');
        }
        for (HandlerConfig handler : config.handlers()) {
            out.append("\n[%s.%s]\n".formatted(HandlerKeys.TABLE, handler.name()));
            for (ConfigKey<?> key : handler.set()) {
                out.append(key.leaf())
                        .append(" = ")
                        .append(handler.toml(key))
                        .append("  # ")
                        .append(handler.origin(key))
                        .append('\n');
            }
        }
        return out.toString();
    }

    /// The description of a key with what else there is to know about it.
    public static String describe(ConfigKey<?> key) {
        String text = key.description();
        if (key.variable().isPresent()) {
            text += " The environment variable " + key.variable().get() + " sets it too.";
        }
        return text;
    }

    static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (line.length() + word.length() + 1 > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
