package io.carpel.agent.cli;

import io.carpel.agent.config.ConfigKey;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigText;
import io.carpel.agent.config.HandlerKeys;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Writes the manual in man(7) macros, from what the command line and the configuration declare.
final class ManualPages {
    private final StringBuilder out = new StringBuilder();

    private ManualPages() {}

    /// All pages: file name → text.
    static Map<String, String> all(CommandLine root) {
        Map<String, String> pages = new TreeMap<>();
        addCommand(root, pages);
        pages.put("carpel-config.5", configuration());
        return pages;
    }

    private static void addCommand(CommandLine command, Map<String, String> pages) {
        String name = command.getCommandSpec().qualifiedName("-");
        pages.put(name + ".8", new ManualPages().command(command));
        distinct(command).values().forEach(inner -> addCommand(inner, pages));
    }

    /// The subcommands without their aliases.
    private static Map<String, CommandLine> distinct(CommandLine command) {
        Map<String, CommandLine> own = new LinkedHashMap<>();
        command.getSubcommands().values().forEach(inner -> own.put(inner.getCommandName(), inner));
        return own;
    }

    private String command(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        String[] about = spec.usageMessage().description();
        header(spec.qualifiedName("-"), 8, about.length == 0 ? "" : firstSentence(about[0]));
        section("SYNOPSIS");
        paragraph(
                "\\fB"
                        + escape(spec.qualifiedName())
                        + "\\fR"
                        + escape(
                                command.getHelp()
                                        .synopsis(0)
                                        .replaceAll("\\s+", " ")
                                        .strip()
                                        .substring(spec.qualifiedName().length())));
        section("DESCRIPTION");
        for (String line : about) {
            paragraph(escape(line.replace("%%", "%").replace("%n", "")));
        }
        if (!spec.positionalParameters().isEmpty()) {
            section("ARGUMENTS");
            spec.positionalParameters()
                    .forEach(argument -> item(argument.paramLabel(), describe(argument)));
        }
        section("OPTIONS");
        for (OptionSpec option : spec.options()) {
            if (!option.hidden()) {
                String names = String.join(", ", option.names());
                String label = option.arity().max() > 0 ? " " + option.paramLabel() : "";
                item(names + label, describe(option));
            }
        }
        if (!command.getSubcommands().isEmpty()) {
            section("COMMANDS");
            distinct(command)
                    .values()
                    .forEach(inner ->
                            item(
                                    inner.getCommandSpec().qualifiedName("-") + "(8)",
                                    String.join(
                                            " ",
                                            inner.getCommandSpec().usageMessage().description())));
        }
        exitCodes(spec);
        section("SEE ALSO");
        paragraph("\\fBcarpel\\fR(8), \\fBcarpel\\-config\\fR(5)");
        return out.toString();
    }

    private void exitCodes(CommandSpec spec) {
        section("EXIT STATUS");
        var codes = spec.usageMessage().exitCodeList();
        if (codes.isEmpty()) {
            item("0", "Done.");
            item("1", "Failed; one line on standard error says why.");
            item("2", "Wrong usage.");
        } else {
            codes.forEach(this::item);
        }
    }

    private static String configuration() {
        ManualPages page = new ManualPages();
        page.header("carpel-config", 5, "configuration of the Carpel agent");
        page.section("FILES");
        page.paragraph(
                escape(
                        "/etc/carpel/config.toml, then /etc/carpel/config.toml.d/*.toml in lexical"
                                + " order; all may be missing. The format is TOML. A key that is"
                                + " not listed here, or a value of the wrong kind, keeps the agent"
                                + " from starting; the message names file and line."));
        page.section("ORDER");
        page.paragraph(
                escape(
                        "Default, file, drop-ins, environment, flags of carpel serve: a later value"
                                + " replaces an earlier one. carpel config show prints the values"
                                + " in effect and where each comes from."));
        page.section("KEYS");
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            page.item(
                    key.name() + " = <" + key.type().label() + ">",
                    "%s Default: %s. Flag: %s."
                            .formatted(ConfigText.describe(key), key.fallbackToml(), key.flag()));
        }
        page.section("RUNTIME HANDLERS");
        page.paragraph(
                escape(
                        "A table [handlers.NAME] makes a runtime handler: a pod whose RuntimeClass"
                                + " names it is made with the settings in the table, and the"
                                + " kubelet is told that it exists. What is left out is as for all"
                                + " pods."));
        for (ConfigKey<?> key : HandlerKeys.ALL) {
            page.item(
                    key.leaf() + " = <" + key.type().label() + ">",
                    ConfigText.describe(key)
                            + (key.fallback() instanceof Optional<?>
                                    ? ""
                                    : " Default: %s.".formatted(key.fallbackToml())));
        }
        page.section("SEE ALSO");
        page.paragraph("\\fBcarpel\\fR(8), \\fBcarpel\\-serve\\fR(8)");
        return page.out.toString();
    }

    private static String describe(ArgSpec argument) {
        return String.join(" ", argument.description()).replace("%%", "%").replace("%n", " ");
    }

    private static String firstSentence(String text) {
        int end = text.indexOf(". ");
        String sentence = end < 0 ? text : text.substring(0, end);
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }

    private void header(String name, int section, String about) {
        out.append(".\\\" Written from the command line's own declarations; do not edit.\n");
        out.append(".TH ")
                .append(escape(name.toUpperCase(java.util.Locale.ROOT)))
                .append(' ')
                .append(section)
                .append(" \"\" Carpel\n");
        section("NAME");
        out.append(escape(name)).append(" \\- ").append(escape(about)).append('\n');
    }

    private void section(String title) {
        out.append(".SH ").append(title).append('\n');
    }

    private void paragraph(String roff) {
        out.append(".PP\n").append(roff).append('\n');
    }

    private void item(String term, String text) {
        out.append(".TP\n\\fB").append(escape(term)).append("\\fR\n");
        out.append(escape(text)).append('\n');
    }

    /// A dot or quote at the start of a line would be a macro.
    private static String escape(String text) {
        String safe = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...");
        return safe.startsWith(".") || safe.startsWith("'") ? "\\&" + safe : safe;
    }
}
