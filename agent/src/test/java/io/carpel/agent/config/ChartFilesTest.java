package io.carpel.agent.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The generated parts of the Helm chart are what the code would generate now. Run with
/// `-Dcarpel.update=true` to write them anew.
final class ChartFilesTest {
    private static final Path CHART = Path.of("..", "charts", "carpel");
    private static final boolean UPDATE = Boolean.getBoolean("carpel.update");
    private static final YAMLMapper YAML = new YAMLMapper();

    @Test
    void valuesHaveEveryOption() throws IOException {
        same(CHART.resolve("values.yaml"), values());
    }

    @Test
    void schemaHasEveryOption() throws IOException {
        Path file = CHART.resolve("values.schema.json");
        ObjectNode schema = (ObjectNode) JsonMapper.shared().readTree(Files.readString(file));
        ((ObjectNode) schema.get("properties")).set("config", ChartText.schema());
        same(
                file,
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(schema)
                        + "\n");
    }

    @Test
    void readmeHasEveryValue() throws IOException {
        String values = values();
        String table = ChartText.table(values, YAML.readTree(values));
        same(
                CHART.resolve("README.md"),
                withTail(
                        CHART.resolve("README.md"),
                        "## Values\n",
                        "\nDefaults are shown as JSON. Written from `values.yaml`.\n\n" + table));
        for (String path : leaves("", YAML.readTree(values))) {
            assertThat(table).as("the comment of " + path).contains("| `" + path);
        }
    }

    @Test
    void chartIsOfThisVersion() throws IOException {
        JsonNode chart = YAML.readTree(Files.readString(CHART.resolve("Chart.yaml")));
        assertThat(chart.get("appVersion").asString()).isEqualTo(BuildInfo.load().version());
    }

    /// The schema uses the defaults' own patterns: one that could not be met would forbid them.
    @Test
    void defaultsMatchTheirPatterns() {
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            if (key.type().shape() instanceof ConfigShape.Text(String pattern)) {
                String value = key.fallbackToml();
                assertThat(value.substring(1, value.length() - 1))
                        .as(key.name())
                        .matches(Pattern.compile(pattern));
            }
        }
    }

    /// Paths down to the first commented level, which are those that a table row starts with.
    private static List<String> leaves(String prefix, JsonNode node) {
        List<String> paths = new ArrayList<>();
        for (var entry : node.properties()) {
            String path = prefix + entry.getKey();
            boolean place = entry.getValue().isObject() && !entry.getValue().isEmpty();
            if (place && !path.matches(".*(nodeSelector|resources|handlers)")) {
                paths.addAll(leaves(path + ".", entry.getValue()));
            } else {
                paths.add(path + "`");
            }
        }
        return paths;
    }

    private static String values() throws IOException {
        return withTail(
                CHART.resolve("values.yaml"),
                "# Everything below is written from the declarations of the agent's options; do not"
                        + " edit.\n",
                "\n" + ChartText.values());
    }

    /// A file that is written by hand up to the marker.
    private static String withTail(Path file, String marker, String tail) throws IOException {
        String text = Files.readString(file);
        int end = text.indexOf(marker);
        assertThat(end).as("the line '" + marker.strip() + "' in " + file).isNotNegative();
        return text.substring(0, end + marker.length()) + tail;
    }

    private static void same(Path file, String wanted) throws IOException {
        if (UPDATE) {
            Files.writeString(file, wanted);
        }
        assertThat(file)
                .as("run the test with -Dcarpel.update=true to write it anew")
                .hasContent(wanted);
    }
}
