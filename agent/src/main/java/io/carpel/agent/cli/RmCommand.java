package io.carpel.agent.cli;

import io.carpel.cri.PodSandbox;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `carpel rm`: the end of pods.
@Command(
        name = "rm",
        description =
                "Stop and remove pods, with the logs and emptyDirs that carpel run made for them.")
final class RmCommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private Connection connection = new Connection();

    @Parameters(
            paramLabel = "POD",
            arity = "0..*",
            description = "Name, namespace/name, or beginning of the id.")
    private List<String> pods = List.of();

    @Option(
            names = {"-a", "--all"},
            description = "All pods of the agent.")
    private boolean all;

    @Option(
            names = "--grace",
            paramLabel = "<seconds>",
            description = "How long containers may take to end. Default: 10.")
    private long grace = 10;

    @Override
    public Integer call() {
        if (all == !pods.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), all ? "--all takes no pod" : "name a pod, or --all");
        }
        try (CriClient client = connection.open()) {
            PodPicker picker = new PodPicker(client);
            List<PodSandbox> chosen =
                    all ? picker.all() : pods.stream().map(picker::pod).distinct().toList();
            PodCleaner cleaner = new PodCleaner(client, new NodeProbe(client).podsDirectory());
            for (PodSandbox pod : chosen) {
                cleaner.stopAndRemove(pod, Duration.ofSeconds(grace));
                spec.commandLine().getOut().println(pod.getId());
            }
            return 0;
        } catch (StatusRuntimeException e) {
            throw new CliException(CriClient.explain(e, connection.path().toString()), e);
        }
    }
}
