package io.carpel.agent.cli.node;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
            return value(FLAG_AND_VALUE, text);
        }

        @Override
        String write(String text, String endpoint) {
            return writeImages(write(FLAG_AND_VALUE, text, endpoint), endpoint);
        }

        @Override
        String writeImages(String text, String endpoint) {
            return write(IMAGES_FLAG_AND_VALUE, text, endpoint);
        }

        private String write(Pattern flag, String text, String endpoint) {
            return LINE.matcher(text)
                    .replaceAll(line ->
                            Matcher.quoteReplacement(writeLine(flag, line.group(), endpoint)));
        }

        private String writeLine(Pattern flag, String line, String endpoint) {
            return flag.matcher(line)
                    .replaceAll(
                            found -> Matcher.quoteReplacement(found.group("before") + endpoint));
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
                return writeImages(tree.toPrettyString() + "\n", endpoint);
            }
            String line = NAME + ": " + endpoint;
            String imagesToo = writeImages(text, endpoint);
            Matcher found = KEY_AND_VALUE.matcher(imagesToo);
            if (found.find()) {
                return found.replaceFirst(Matcher.quoteReplacement(line));
            }
            boolean whole = imagesToo.isEmpty() || imagesToo.endsWith("\n");
            return imagesToo + (whole ? "" : "\n") + line + "\n";
        }

        @Override
        String writeImages(String text, String endpoint) {
            if (isJson(text)) {
                ObjectNode tree = tree(text);
                if (tree.path(IMAGES_NAME).asString("").isEmpty()) {
                    return text;
                }
                tree.put(IMAGES_NAME, endpoint);
                return tree.toPrettyString() + "\n";
            }
            Matcher found = IMAGES_KEY_AND_VALUE.matcher(text);
            boolean named = found.find() && !found.group("value").isEmpty();
            return named
                    ? found.replaceFirst(Matcher.quoteReplacement(IMAGES_NAME + ": " + endpoint))
                    : text;
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
    private static final String IMAGES_NAME = "imageServiceEndpoint";

    /// Comments are none of the kubelet's business.
    private static final Pattern LINE = Pattern.compile("(?m)^(?!\\h*#).+$");

    private static final Pattern FLAG_AND_VALUE = flag("--container-runtime-endpoint");
    private static final Pattern IMAGES_FLAG_AND_VALUE = flag("--image-service-endpoint");
    private static final Pattern DIRECTORY_FLAG = flag("--config-dir");
    private static final Pattern KEY_AND_VALUE = key(NAME);
    private static final Pattern IMAGES_KEY_AND_VALUE = key(IMAGES_NAME);

    /// The value ends where the word does, or the quotes around all flags.
    private static Pattern flag(String name) {
        return Pattern.compile("(?<before>" + name + "(?:=|\\h+)[\"']?)(?<value>[^\\s\"'\\\\]+)");
    }

    private static Pattern key(String name) {
        return Pattern.compile(
                "(?m)^" + name + ":\\h*[\"']?(?<value>[^\\s\"'#]*)[\"']?\\h*(?:#.*)?$");
    }

    /// The kubelet takes the last one too.
    private static Optional<String> value(Pattern flag, String text) {
        return LINE.matcher(text)
                .results()
                .flatMap(line -> flag.matcher(line.group()).results())
                .map(found -> found.group("value"))
                .reduce((_, last) -> last);
    }

    /// The directory whose `.conf` files the kubelet lays over its configuration (`--config-dir`),
    /// when this text of flags names one.
    static Optional<String> configurationDirectory(String flags) {
        return value(DIRECTORY_FLAG, flags);
    }

    /// The endpoint that the text sets.
    abstract Optional<String> read(String text);

    /// The text with another endpoint, which is the one for images too. A text in the form [#FLAG]
    /// that has no flag stays as it is.
    abstract String write(String text, String endpoint);

    /// The text with another endpoint for images, where it names one of their own: a runtime cannot
    /// run the images that another has pulled.
    abstract String writeImages(String text, String endpoint);
}
