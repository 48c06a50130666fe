package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.HandlerConfig;
import io.carpel.agent.config.HandlerKeys;
import io.carpel.agent.config.HandlerSettings;
import io.carpel.agent.config.RuntimeSettings;
import io.carpel.agent.streaming.StreamingConfig;
import io.carpel.runtime.HostAccess;
import io.carpel.runtime.RuntimeConfig;
import io.carpel.runtime.error.ContainerRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Looks for what is wrong with a configuration beyond single values: keys that contradict each
/// other, and files that it names and that cannot be used. Changes nothing on the host.
final class ConfigCheck {
    private final List<String> problems = new ArrayList<>();

    private ConfigCheck() {}

    /// One part, which says by an exception what is wrong.
    @FunctionalInterface
    private interface Part {
        void look() throws IOException;
    }

    /// A sentence for each problem; empty when an agent would start with it.
    static List<String> problems(AgentConfig config) {
        ConfigCheck check = new ConfigCheck();
        RuntimeConfig runtime = RuntimeSettings.of(config);
        check.part(() -> HostAccess.check(runtime));
        check.part(() -> HandlerSettings.of(config));
        check.part(() -> StreamingConfig.of(config).check());
        config.handlers().forEach(check::profile);
        config.get(ConfigKeys.LOG_FILE).ifPresent(check::logFile);
        check.problems.addAll(HostAccess.registryProblems(runtime.images()));
        return List.copyOf(check.problems);
    }

    private void part(Part part) {
        try {
            part.look();
        } catch (ContainerRuntimeException | ConfigException | IOException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }

    private void profile(HandlerConfig handler) {
        handler.get(HandlerKeys.SECCOMP)
                .filter(word -> word.startsWith("/") && !Files.isReadable(Path.of(word)))
                .ifPresent(file ->
                        problems.add(
                                "%s: handlers.%s.%s: %s cannot be read"
                                        .formatted(
                                                handler.origin(HandlerKeys.SECCOMP),
                                                handler.name(),
                                                HandlerKeys.SECCOMP.leaf(),
                                                file)));
    }

    private void logFile(Path file) {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            problems.add("log.file: there is no directory " + directory);
        }
    }
}
