package io.carpel.agent.cli;

import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.PodRuntime;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxFilter;
import io.carpel.cri.PodSandboxState;
import io.carpel.cri.PodSandboxStateValue;
import io.carpel.cri.RuntimeCondition;
import io.carpel.cri.StatusRequest;
import io.carpel.cri.StopPodSandboxRequest;
import io.carpel.cri.VersionRequest;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/// [PodRuntime] over a CRI socket, ours or another runtime's.
final class CriPodRuntime implements PodRuntime {
    private static final String SCHEME = "unix://";
    private static final Duration QUICK = Duration.ofSeconds(10);

    /// Stopping takes as long as detaching a network does.
    private static final Duration STOP = Duration.ofMinutes(2);

    private final String endpoint;
    private final Path socket;

    /// @param root the host's root directory, below which its sockets are
    CriPodRuntime(Path root, String endpoint) {
        if (!endpoint.startsWith(SCHEME + "/")) {
            throw new NodeException(
                    "'%s' is no endpoint of a runtime: it has to begin with unix:///"
                            .formatted(endpoint));
        }
        this.endpoint = endpoint;
        this.socket = root.resolve(endpoint.substring(SCHEME.length() + 1));
    }

    @Override
    public String endpoint() {
        return endpoint;
    }

    @Override
    public String readyName() {
        return asking(client -> {
            client
                    .runtime(QUICK)
                    .status(StatusRequest.getDefaultInstance())
                    .getStatus()
                    .getConditionsList()
                    .stream()
                    .filter(condition -> !condition.getStatus())
                    .findFirst()
                    .ifPresent(this::refuse);
            return client.runtime(QUICK)
                    .version(VersionRequest.getDefaultInstance())
                    .getRuntimeName();
        });
    }

    private void refuse(RuntimeCondition condition) {
        throw new NodeException(
                "the runtime at %s says %s=false: %s"
                        .formatted(endpoint, condition.getType(), condition.getMessage()));
    }

    @Override
    public int stopPods(String but) {
        return asking(client -> {
            List<PodSandbox> ready =
                    client
                            .runtime(QUICK)
                            .listPodSandbox(
                                    ListPodSandboxRequest.newBuilder()
                                            .setFilter(
                                                    PodSandboxFilter.newBuilder().setState(state()))
                                            .build())
                            .getItemsList()
                            .stream()
                            .filter(pod -> !pod.getMetadata().getUid().equals(but))
                            .toList();
            for (PodSandbox pod : ready) {
                client.runtime(STOP)
                        .stopPodSandbox(
                                StopPodSandboxRequest.newBuilder()
                                        .setPodSandboxId(pod.getId())
                                        .build());
            }
            return ready.size();
        });
    }

    private static PodSandboxStateValue state() {
        return PodSandboxStateValue.newBuilder().setState(PodSandboxState.SANDBOX_READY).build();
    }

    private <T> T asking(Function<CriClient, T> call) {
        if (!Files.exists(socket)) {
            throw new NodeException("no runtime listens at " + endpoint + ": no such socket");
        }
        try (CriClient client = new CriClient(socket)) {
            return call.apply(client);
        } catch (StatusRuntimeException e) {
            throw new NodeException(CriClient.explain(e, endpoint), e);
        }
    }
}
