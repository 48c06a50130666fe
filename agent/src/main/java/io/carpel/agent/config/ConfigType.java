package io.carpel.agent.config;

import java.math.BigDecimal;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The kind of an option: how a value is read from a file or a flag, and how it is written.
///
/// @param label the placeholder in help
/// @param node reads a value of the file
/// @param text reads a flag or an environment variable
/// @param toml writes a value as the file does
/// @param shape what it looks like in a file, for those who cannot ask this
public record ConfigType<T>(
        String label,
        ConfigShape shape,
        Function<JsonNode, T> node,
        Function<String, T> text,
        Function<T, String> toml) {

    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})\\s*(B|KiB|MiB|GiB|TiB)?");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h)");
    private static final Pattern RATIO = Pattern.compile("0(\\.\\d{1,9})?|1(\\.0{1,9})?");
    private static final List<String> SIZE_UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB");

    /// Says why a value is wrong; the loader adds key and place.
    static final class BadValue extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadValue(String message) {
            super(message);
        }
    }

    String toToml(T value) {
        return toml.apply(value);
    }

    static ConfigType<String> string(String label, String wanted, String pattern) {
        Pattern valid = Pattern.compile(pattern);
        Function<String, String> parse =
                text -> {
                    if (!valid.matcher(text).matches()) {
                        throw new BadValue("wanted " + wanted);
                    }
                    return text;
                };
        return ofString(label, new ConfigShape.Text(pattern), parse, ConfigType::quote);
    }

    static ConfigType<Path> path() {
        return ofString(
                "path",
                new ConfigShape.Text("/.*"),
                ConfigType::absolute,
                path -> quote(path.toString()));
    }

    static ConfigType<Optional<Path>> optionalPath() {
        return ofString(
                "path",
                new ConfigShape.Text("(/.*)?"),
                text -> text.isEmpty() ? Optional.empty() : Optional.of(absolute(text)),
                path -> quote(path.map(Path::toString).orElse("")));
    }

    /// An address, not a name: nothing is looked up.
    static ConfigType<InetAddress> address() {
        Function<String, InetAddress> parse =
                text -> {
                    try {
                        return InetAddress.ofLiteral(text);
                    } catch (IllegalArgumentException _) {
                        throw new BadValue("wanted an IP address such as 127.0.0.1 or ::1");
                    }
                };
        return ofString(
                "address",
                new ConfigShape.Text("[0-9A-Fa-f:.]+"),
                parse,
                value -> quote(value.getHostAddress()));
    }

    static ConfigType<Long> size() {
        Function<String, Long> parse = ConfigType::parseSize;
        Function<JsonNode, Long> read =
                node ->
                        node.isIntegralNumber() && node.asLong() >= 0
                                ? Long.valueOf(node.asLong())
                                : parse.apply(wantString(node, "size such as \"64MiB\""));
        return new ConfigType<>(
                "size",
                new ConfigShape.Size(SIZE.pattern()),
                read,
                parse,
                bytes -> quote(formatSize(bytes)));
    }

    static ConfigType<Duration> duration() {
        return ofString(
                "duration",
                new ConfigShape.Text(DURATION.pattern()),
                ConfigType::parseDuration,
                value -> quote(formatDuration(value)));
    }

    static ConfigType<Integer> integer(int low, int high) {
        String label = "whole number from %d to %d".formatted(low, high);
        Function<String, Integer> parse =
                text -> {
                    if (!text.matches("-?\\d{1,9}")) {
                        throw new BadValue("wanted a " + label);
                    }
                    int value = Integer.parseInt(text);
                    if (value < low || value > high) {
                        throw new BadValue("wanted a " + label);
                    }
                    return value;
                };
        Function<JsonNode, Integer> read =
                node -> {
                    if (!node.isIntegralNumber()) {
                        throw new BadValue("wanted a " + label + ", not " + kind(node));
                    }
                    return parse.apply(node.asString());
                };
        return new ConfigType<>(
                "number", new ConfigShape.Whole(low, high), read, parse, String::valueOf);
    }

    /// A share, from 0 to 1.
    static ConfigType<Double> ratio() {
        Function<String, Double> parse =
                text -> {
                    if (!RATIO.matcher(text).matches()) {
                        throw new BadValue("wanted a number from 0 to 1, such as 0.01");
                    }
                    return Double.valueOf(text);
                };
        Function<JsonNode, Double> read =
                node -> {
                    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
                        throw new BadValue("wanted a number from 0 to 1, not " + kind(node));
                    }
                    return parse.apply(node.decimalValue().toPlainString());
                };
        return new ConfigType<>(
                "number",
                new ConfigShape.Share(),
                read,
                parse,
                // With a digit behind the point, which TOML wants.
                value -> BigDecimal.valueOf(value).toPlainString());
    }

    static ConfigType<Boolean> bool() {
        Function<String, Boolean> parse =
                text ->
                        switch (text) {
                            case "true" -> true;
                            case "false" -> false;
                            default -> throw new BadValue("wanted true or false");
                        };
        Function<JsonNode, Boolean> read =
                node -> {
                    if (!node.isBoolean()) {
                        throw new BadValue("wanted true or false, not " + kind(node));
                    }
                    return node.asBoolean();
                };
        return new ConfigType<>("true|false", new ConfigShape.Flag(), read, parse, String::valueOf);
    }

    /// A value that may be left out, because there is one to fall back to.
    ///
    /// @param example shown where people look for what could stand there
    static <T> ConfigType<Optional<T>> inherited(ConfigType<T> type, T example) {
        return new ConfigType<>(
                type.label(),
                type.shape(),
                node -> Optional.of(type.node().apply(node)),
                text -> Optional.of(type.text().apply(text)),
                value -> type.toToml(value.orElse(example)));
    }

    static <E extends Enum<E>> ConfigType<E> choice(Class<E> type) {
        List<E> values = List.of(type.getEnumConstants());
        List<String> words = values.stream().map(ConfigType::word).toList();
        String label = String.join("|", words);
        Function<String, E> parse =
                text ->
                        values.stream()
                                .filter(value -> word(value).equals(text))
                                .findFirst()
                                .orElseThrow(() ->
                                        new BadValue("wanted one of " + label.replace("|", ", ")));
        return ofString(label, new ConfigShape.Word(words), parse, value -> quote(word(value)));
    }

    /// A list in the file, values separated by commas in a flag.
    static <E> ConfigType<List<E>> list(ConfigType<E> element) {
        Function<String, List<E>> parse =
                text ->
                        text.isEmpty()
                                ? List.of()
                                : Arrays.stream(text.split(",", -1)).map(element.text()).toList();
        Function<JsonNode, List<E>> read =
                node -> {
                    if (!node.isArray()) {
                        throw new BadValue("wanted a list, not " + kind(node));
                    }
                    List<E> values = new ArrayList<>();
                    node.forEach(item -> values.add(element.node().apply(item)));
                    return List.copyOf(values);
                };
        Function<List<E>, String> write =
                values ->
                        "[" + String.join(", ", values.stream().map(element.toml()).toList()) + "]";
        return new ConfigType<>(
                element.label() + ",…", new ConfigShape.Items(element.shape()), read, parse, write);
    }

    /// How an enum's value is spelt in files and flags.
    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <T> ConfigType<T> ofString(
            String label, ConfigShape shape, Function<String, T> parse, Function<T, String> write) {
        return new ConfigType<>(
                label, shape, node -> parse.apply(wantString(node, "string")), parse, write);
    }

    private static String wantString(JsonNode node, String wanted) {
        if (!node.isString()) {
            throw new BadValue("wanted a " + wanted + ", not " + kind(node));
        }
        return node.asString();
    }

    private static Path absolute(String text) {
        if (!text.startsWith("/") || text.indexOf('\0') >= 0) {
            throw new BadValue("wanted an absolute path");
        }
        return Path.of(text).normalize();
    }

    private static Long parseSize(String text) {
        var match = SIZE.matcher(text);
        if (!match.matches()) {
            throw new BadValue("wanted a size such as \"64MiB\" or \"1GiB\"");
        }
        String unit = match.group(2) == null ? "B" : match.group(2);
        try {
            return Math.multiplyExact(
                    Long.parseLong(match.group(1)), 1L << (10 * SIZE_UNITS.indexOf(unit)));
        } catch (ArithmeticException _) {
            throw new BadValue("the size does not fit in 63 bits");
        }
    }

    private static String formatSize(long bytes) {
        int unit = 0;
        long value = bytes;
        while (value != 0 && value % 1024 == 0 && unit < SIZE_UNITS.size() - 1) {
            value /= 1024;
            unit++;
        }
        return value + SIZE_UNITS.get(unit);
    }

    private static Duration parseDuration(String text) {
        var match = DURATION.matcher(text);
        if (!match.matches()) {
            throw new BadValue("wanted a duration such as \"500ms\", \"30s\" or \"5m\"");
        }
        long amount = Long.parseLong(match.group(1));
        return switch (match.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }

    private static String formatDuration(Duration value) {
        if (value.toMillis() % 1000 != 0) {
            return value.toMillis() + "ms";
        }
        if (value.toSeconds() % 60 != 0 || value.isZero()) {
            return value.toSeconds() + "s";
        }
        return value.toMinutes() % 60 != 0 ? value.toMinutes() + "m" : value.toHours() + "h";
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "a list";
            case BOOLEAN -> "true or false";
            case NUMBER -> "a number";
            case OBJECT, POJO -> "a table";
            case STRING -> "a string";
            case BINARY, MISSING, NULL -> "nothing";
        };
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
