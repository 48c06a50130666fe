package io.carpel.agent.cli;

import io.carpel.agent.cli.install.NewAgent;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ContainerStateValue;
import io.carpel.cri.ContainerStatusRequest;
import io.carpel.cri.ListContainersRequest;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.RuntimeCondition;
import io.carpel.cri.StatusRequest;
import io.carpel.cri.StatusResponse;
import io.carpel.cri.VersionRequest;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// [NewAgent] over its CRI socket.
final class CriAgent implements NewAgent {
    private static final Duration QUICK = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final Path root;
    private final Path socket;
    private final String self;

    /// @param root the host's root directory
    /// @param listen the agent's socket, as the host names it
    /// @param self the uid of the pod that this runs in; empty outside of pods. While this agent
    ///   runs it, it is neither counted nor removed, since it has to see the work through. After a
    ///   switch another runtime runs it, and what is left of it here is like any other pod.
    CriAgent(Path root, Path listen, String self) {
        this.root = root;
        this.self = self;
        this.socket = root.resolve(Path.of("/").relativize(listen));
    }

    @Override
    public String ready() {
        return asking(client -> {
            client
                    .runtime(QUICK)
                    .status(StatusRequest.getDefaultInstance())
                    .getStatus()
                    .getConditionsList()
                    .stream()
                    .filter(condition -> !condition.getStatus())
                    .findFirst()
                    .ifPresent(CriAgent::refuse);
            return client.runtime(QUICK)
                    .version(VersionRequest.getDefaultInstance())
                    .getRuntimeVersion();
        });
    }

    private static void refuse(RuntimeCondition condition) {
        throw new NodeException(
                "the agent says %s=false: %s"
                        .formatted(condition.getType(), condition.getMessage()));
    }

    @Override
    public Map<String, String> abilities() {
        StatusResponse status =
                asking(client ->
                        client.runtime(QUICK)
                                .status(StatusRequest.newBuilder().setVerbose(true).build()));
        Map<String, String> abilities = new TreeMap<>();
        try {
            JsonMapper.shared()
                    .readTree(status.getInfoOrDefault("hostFeatures", "{}"))
                    .properties()
                    .forEach(entry -> abilities.put(entry.getKey(), entry.getValue().asString()));
        } catch (JacksonException e) {
            throw new NodeException("the agent's status cannot be read: " + e.getMessage(), e);
        }
        return abilities;
    }

    @Override
    public void tryPod() {
        asking(client -> {
            new VerificationPod(client, root).run();
            return true;
        });
    }

    @Override
    public int pods() {
        return asking(client -> list(client).size());
    }

    @Override
    public void removePods() {
        asking(client -> {
            PodCleaner cleaner =
                    new PodCleaner(
                            client,
                            root.resolve(
                                    Path.of("/")
                                            .relativize(new NodeProbe(client).podsDirectory())));
            List<PodSandbox> pods = list(client);
            pods.forEach(pod -> cleaner.stopAndRemove(pod, GRACE));
            return pods.size();
        });
    }

    @Override
    public boolean runsUs() {
        return asking(client -> all(client).stream().anyMatch(pod -> isOurs(client, pod)));
    }

    private List<PodSandbox> list(CriClient client) {
        return all(client).stream().filter(pod -> !isOurs(client, pod)).toList();
    }

    private static List<PodSandbox> all(CriClient client) {
        return client.runtime(QUICK)
                .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                .getItemsList();
    }

    /// Whether our process is in the pod, and not in one of the same uid that another runtime has.
    private boolean isOurs(CriClient client, PodSandbox pod) {
        return !self.isEmpty()
                && pod.getMetadata().getUid().equals(self)
                && client
                        .runtime(QUICK)
                        .listContainers(
                                ListContainersRequest.newBuilder()
                                        .setFilter(
                                                ContainerFilter.newBuilder()
                                                        .setPodSandboxId(pod.getId())
                                                        .setState(running()))
                                        .build())
                        .getContainersList()
                        .stream()
                        .mapToLong(container -> pid(client, container.getId()))
                        .anyMatch(CriAgent::isOurPid);
    }

    private static ContainerStateValue running() {
        return ContainerStateValue.newBuilder().setState(ContainerState.CONTAINER_RUNNING).build();
    }

    private static long pid(CriClient client, String container) {
        String info =
                client.runtime(QUICK)
                        .containerStatus(
                                ContainerStatusRequest.newBuilder()
                                        .setContainerId(container)
                                        .setVerbose(true)
                                        .build())
                        .getInfoOrDefault("info", "{}");
        try {
            return JsonMapper.shared().readTree(info).path("pid").asLong(0);
        } catch (JacksonException e) {
            throw new NodeException("the agent's status cannot be read: " + e.getMessage(), e);
        }
    }

    /// In a pod with a process namespace of its own we are the first, whoever runs it: then the
    /// pod's uid has to do.
    private static boolean isOurPid(long pid) {
        long ours = ProcessHandle.current().pid();
        return pid == ours || ours == 1;
    }

    private <T> T asking(Function<CriClient, T> call) {
        if (!Files.exists(socket)) {
            throw new NodeException("no agent listens at " + socket + ": no such socket");
        }
        try (CriClient client = new CriClient(socket)) {
            return call.apply(client);
        } catch (StatusRuntimeException e) {
            throw new NodeException(CriClient.explain(e, socket.toString()), e);
        } catch (CliException e) {
            throw new NodeException(String.valueOf(e.getMessage()), e);
        }
    }
}
