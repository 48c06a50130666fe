package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.config.BuildInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A tree as `deploy/dist` makes it.
///
/// @param tree its root
/// @param build what tells its contents from those of others
public record Distribution(Path tree, String build) {
    private static final Pattern BUILD = Pattern.compile("[0-9a-f]{8,64}");
    private static final List<String> PARTS =
            List.of("bin/carpel", "jre/bin/java", "jvm.options", "app", "native", "share/verify");

    /// @throws NodeException when something is missing there
    public static Distribution at(Path tree) {
        for (String part : PARTS) {
            if (!Files.exists(tree.resolve(part))) {
                throw new NodeException(
                        "%s is no distribution of Carpel: it has no %s (name one with --from)"
                                .formatted(tree, part));
            }
        }
        return buildOf(tree)
                .map(build -> new Distribution(tree, build))
                .orElseThrow(() ->
                        new NodeException(
                                "%s is no distribution of Carpel: its file `build` names none"
                                        .formatted(tree)));
    }

    /// The one whose Java runtime this process runs on.
    public static Path own() {
        Path java = Path.of(System.getProperty("java.home"));
        Path above = java.getParent();
        return above == null ? java : above;
    }

    /// What the tree says of itself.
    static Optional<String> buildOf(Path tree) {
        try {
            return Optional.of(
                            Files.readString(tree.resolve("build"), StandardCharsets.UTF_8).strip())
                    .filter(BUILD.asMatchPredicate());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// As the cluster shall read it.
    String version() {
        return BuildInfo.load().version();
    }

    String text(String file) {
        try {
            return Files.readString(tree.resolve(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new NodeException(
                    "cannot read %s/%s: %s".formatted(tree, file, e.getMessage()), e);
        }
    }
}
