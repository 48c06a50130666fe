package io.carpel.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.config.ConfigText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// What is generated lies in the tree, and is what the code would generate now. Run with
/// `-Dcarpel.update=true` to write it anew.
final class GeneratedFilesTest {
    private static final Path DEPLOY = Path.of("..", "deploy");
    private static final boolean UPDATE = Boolean.getBoolean("carpel.update");

    private final CommandLine root = CarpelCommand.create((_, _) -> 0);

    @Test
    void defaultConfiguration() throws IOException {
        same(DEPLOY.resolve("config/config.toml"), ConfigText.defaultFile());
    }

    @Test
    void manual() throws IOException {
        Map<String, String> pages = ManualPages.all(root);
        for (var page : pages.entrySet()) {
            same(DEPLOY.resolve("man").resolve(page.getKey()), page.getValue());
        }
        assertThat(names(DEPLOY.resolve("man"))).containsExactlyElementsOf(pages.keySet());
    }

    @Test
    void completions() throws IOException {
        Map<String, CompletionCommand.Shell> files = new TreeMap<>();
        files.put("carpel.bash", CompletionCommand.Shell.bash);
        files.put("carpel.zsh", CompletionCommand.Shell.zsh);
        for (var file : files.entrySet()) {
            same(
                    DEPLOY.resolve("completions").resolve(file.getKey()),
                    CompletionCommand.script(root, file.getValue()));
        }
        assertThat(names(DEPLOY.resolve("completions"))).containsExactlyElementsOf(files.keySet());
    }

    @Test
    void everyCommandAndOptionIsDescribed() {
        described(root);
    }

    private static void described(CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
        command.getCommandSpec()
                .args()
                .forEach(arg ->
                        assertThat(String.join("", arg.description()))
                                .as(name + " " + arg.paramLabel())
                                .isNotBlank());
        command.getSubcommands().values().forEach(GeneratedFilesTest::described);
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static void same(Path file, String wanted) throws IOException {
        if (UPDATE) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, wanted);
        }
        assertThat(file)
                .as("run the test with -Dcarpel.update=true to write it anew")
                .hasContent(wanted);
    }
}
