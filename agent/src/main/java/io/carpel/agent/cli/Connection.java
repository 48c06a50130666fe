package io.carpel.agent.cli;

import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/// Where the agent listens: the flag, then CARPEL_SOCKET, then the configuration of this host.
final class Connection {
    private static final String VARIABLE = "CARPEL_SOCKET";

    @Option(
            names = "--connect",
            paramLabel = "<socket>",
            description =
                    "Socket of the agent. Default: $CARPEL_SOCKET, then `listen` of the"
                            + " configuration.")
    private String socket = "";

    Path path() {
        if (!socket.isEmpty()) {
            return Path.of(socket);
        }
        String variable = System.getenv().getOrDefault(VARIABLE, "");
        if (!variable.isEmpty()) {
            return Path.of(variable);
        }
        return new ConfigLoader(System.getenv()).load(Map.of()).get(ConfigKeys.LISTEN);
    }

    /// Opens a client; says at once when no socket is there.
    CriClient open() {
        Path path = path().toAbsolutePath();
        if (!Files.exists(path)) {
            throw new CliException(
                    "no agent listens at %s: no such socket (is `carpel serve` running? name another"
                                    .formatted(path)
                            + " socket with --connect)");
        }
        return new CriClient(path);
    }
}
