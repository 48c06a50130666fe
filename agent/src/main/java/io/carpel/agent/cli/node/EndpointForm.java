package io.carpel.agent.cli.node;

import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// How a file names the kubelet's runtime. Reading and writing are pure and leave every other byte
/// of the text as it was, except in a configuration written as JSON, which is laid out anew.
enum EndpointForm {
    /// The flag `--container-runtime-endpoint`, in a unit, a drop-in, or a file of variables.
    FLAG {
        @Override
        Optional<String> read(String text) {
            // The kubelet takes the last one too.
            return lines(text)
                    .flatMap(line -> FLAG_AND_VALUE.matcher(line).results())
                    .map(found -> found.group("value"))
                    .reduce((_, last) -> last);
        }

        @Override
        String write(String text, String endpoint) {
            return LINE.matcher(text)
                    .replaceAll(
                            line -> Matcher.quoteReplacement(writeLine(line.group(), endpoint)));
        }

        private Stream<String> lines(String text) {
            return LINE.matcher(text).results().map(MatchResult::group);
        }

        private String writeLine(String line, String endpoint) {
            return FLAG_AND_VALUE
                    .matcher(line)
                    .replaceAll(flag -> Matcher.quoteReplacement(flag.group("before") + endpoint));
        }
    },

    /// The key `containerRuntimeEndpoint` of a KubeletConfiguration, YAML or JSON.
    KEY {
        @Override
        Optional<String> read(String text) {
            if (isJson(text)) {
                return Optional.of(tree(text).path(NAME).asString("")).filter(v -> !v.isEmpty());
            }
            Matcher found = KEY_AND_VALUE.matcher(text);
            return found.find()
                    ? Optional.of(found.group("value")).filter(value -> !value.isEmpty())
                    : Optional.empty();
        }

        @Override
        String write(String text, String endpoint) {
            if (isJson(text)) {
                ObjectNode tree = tree(text);
                tree.put(NAME, endpoint);
                return tree.toPrettyString() + "\n";
            }
            String line = NAME + ": " + endpoint;
            Matcher found = KEY_AND_VALUE.matcher(text);
            if (found.find()) {
                return text.substring(0, found.start()) + line + text.substring(found.end());
            }
            return text + (text.isEmpty() || text.endsWith("\n") ? "" : "\n") + line + "\n";
        }

        private boolean isJson(String text) {
            return text.stripLeading().startsWith("{");
        }

        private ObjectNode tree(String text) {
            try {
                if (JsonMapper.shared().readTree(text) instanceof ObjectNode object) {
                    return object;
                }
            } catch (JacksonException e) {
                throw new NodeException(
                        "the kubelet's configuration is broken JSON: " + e.getOriginalMessage(), e);
            }
            throw new NodeException("the kubelet's configuration is no JSON object");
        }
    };

    private static final String NAME = "containerRuntimeEndpoint";

    /// Comments are none of the kubelet's business.
    private static final Pattern LINE = Pattern.compile("(?m)^(?!\\h*#).+$");

    // The value ends where the word does, or the quotes around all flags.
    private static final Pattern FLAG_AND_VALUE =
            Pattern.compile(
                    "(?<before>--container-runtime-endpoint(?:=|\\h+)[\"']?)(?<value>[^\\s\"'\\\\]+)");

    private static final Pattern KEY_AND_VALUE =
            Pattern.compile("(?m)^" + NAME + ":\\h*[\"']?(?<value>[^\\s\"'#]*)[\"']?\\h*(?:#.*)?$");

    /// The endpoint that the text sets.
    abstract Optional<String> read(String text);

    /// The text with another endpoint. A text in the form [#FLAG] that has no flag stays as it is.
    abstract String write(String text, String endpoint);
}
