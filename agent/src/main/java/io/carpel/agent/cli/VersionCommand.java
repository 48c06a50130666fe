package io.carpel.agent.cli;

import io.carpel.agent.config.BuildInfo;
import io.carpel.cri.VersionRequest;
import io.carpel.cri.VersionResponse;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `carpel version`: this command's version and the running agent's.
@Command(name = "version", description = "Show the version of this command and of the agent.")
final class VersionCommand implements Callable<Integer> {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private Connection connection = new Connection();

    @Option(names = "--client", description = "Do not ask the agent.")
    private boolean clientOnly;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("client  carpel " + BuildInfo.load().version());
        if (clientOnly) {
            return 0;
        }
        try (CriClient client = connection.open()) {
            VersionResponse answer =
                    client.runtime(DEADLINE).version(VersionRequest.getDefaultInstance());
            out.println(
                    "server  %s %s, CRI %s, at %s"
                            .formatted(
                                    answer.getRuntimeName(),
                                    answer.getRuntimeVersion(),
                                    answer.getRuntimeApiVersion(),
                                    client.socket()));
            return 0;
        } catch (StatusRuntimeException e) {
            throw new CliException(CriClient.explain(e, connection.path().toString()), e);
        }
    }
}
