package io.carpel.agent.cli;

import io.carpel.agent.cli.install.CommandService;
import io.carpel.agent.cli.install.HostService;
import io.carpel.agent.cli.install.InstallParts;
import io.carpel.agent.cli.install.NodeReport;
import io.carpel.agent.cli.install.SystemdService;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.Polling;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigLoader;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/// How the agent's service is started on the host, and where the agent listens then.
final class InstallPlace {
    private static final Duration INTERVAL = Duration.ofMillis(200);

    @Option(
            names = "--service-command",
            paramLabel = "<word>",
            description =
                    "What starts and stops the agent on a host without systemd, called with `restart`"
                            + " or `stop` as its last argument; repeat for several words. Default:"
                            + " the host's systemd, over its message bus.")
    private List<String> serviceCommand = List.of();

    @Option(
            names = "--no-service",
            description =
                    "Neither start nor stop the agent; somebody else does, and is waited for.")
    private boolean noService;

    HostService service(Path root) {
        if (noService && !serviceCommand.isEmpty()) {
            throw new CliException(
                    "--no-service and --service-command exclude each other", CarpelCommand.USAGE);
        }
        if (noService) {
            return HostService.none();
        }
        return serviceCommand.isEmpty()
                ? new SystemdService(root)
                : new CommandService(root, serviceCommand);
    }

    InstallParts parts(NodePlace place, KubernetesClient client, PrintWriter progress) {
        return new InstallParts(
                place.root,
                service(place.root),
                () -> new CriAgent(place.root, listen(place.root), NodePlace.ownPod()),
                InstallParts.journalBelow(place.root),
                new NodeReport(
                        place.api(client),
                        line -> {
                            progress.println(line);
                            progress.flush();
                        }),
                new Polling(INTERVAL));
    }

    /// Where the host's configuration lets the agent listen, as the host names it.
    static Path listen(Path root) {
        Path file = root.resolve(Path.of("/").relativize(ConfigLoader.DEFAULT_FILE));
        return Files.exists(file) ? load(file) : ConfigKeys.LISTEN.fallback();
    }

    /// Reads a configuration, without the variables of this process.
    ///
    /// @return where it lets the agent listen
    static Path load(Path file) {
        try {
            return new ConfigLoader(Map.of())
                    .load(file.toAbsolutePath(), Map.of())
                    .get(ConfigKeys.LISTEN);
        } catch (ConfigException e) {
            throw new NodeException(String.valueOf(e.getMessage()), e);
        }
    }
}
