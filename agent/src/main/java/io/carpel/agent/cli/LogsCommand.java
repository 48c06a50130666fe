package io.carpel.agent.cli;

import io.carpel.cri.Container;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ContainerStatus;
import io.carpel.cri.ContainerStatusRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpel logs`: what a container wrote, from its log file.
@Command(
        name = "logs",
        description =
                "Print what a container wrote: its standard output there, its standard error on"
                        + " standard error.")
final class LogsCommand implements Callable<Integer> {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    @Mixin private Connection connection = new Connection();

    @Option(
            names = {"-f", "--follow"},
            description = "Go on until the container ends.")
    private boolean follow;

    @Parameters(
            index = "0",
            paramLabel = "POD",
            description = "Name, namespace/name, or beginning of the id.")
    private String pod = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "CONTAINER",
            description = "Container of the pod. Default: its only one.")
    private String container = "";

    @Override
    public Integer call() throws IOException {
        try (CriClient client = connection.open()) {
            PodPicker picker = new PodPicker(client);
            Container target = picker.container(picker.pod(pod), container);
            ContainerStatus status =
                    client.runtime(DEADLINE)
                            .containerStatus(
                                    ContainerStatusRequest.newBuilder()
                                            .setContainerId(target.getId())
                                            .build())
                            .getStatus();
            if (status.getLogPath().isEmpty()) {
                throw new CliException(
                        "container %s has no log".formatted(target.getMetadata().getName()));
            }
            print(client, status);
            return 0;
        } catch (StatusRuntimeException e) {
            throw new CliException(CriClient.explain(e, connection.path().toString()), e);
        }
    }

    private void print(CriClient client, ContainerStatus status) throws IOException {
        Path log = Path.of(status.getLogPath());
        boolean waits = follow && status.getState() == ContainerState.CONTAINER_RUNNING;
        if (!waits) {
            try (LogTail tail = tail(log)) {
                tail.finish();
            }
            return;
        }
        var started = new PodRunner.Started(status.getId(), status.getMetadata().getName(), log);
        try (PodWatch watch = watch(client)) {
            watch.follow(started);
            watch.awaitEnd(List.of(started));
        }
    }

    private static LogTail tail(Path log) {
        return new LogTail(log, "", System.out, System.err);
    }

    private static PodWatch watch(CriClient client) {
        return new PodWatch(
                client, System.out, System.err, false, new CountDownLatch(1), Optional.empty());
    }
}
