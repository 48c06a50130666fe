package io.carpel.agent.cli;

import io.carpel.agent.cli.install.NewAgent;
import io.carpel.agent.cli.node.NodeException;
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
    /// @param self the uid of the pod that this runs in; empty outside of pods. It is neither
    ///   counted nor removed, since it has to see the work through.
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

    private List<PodSandbox> list(CriClient client) {
        return client
                .runtime(QUICK)
                .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                .getItemsList()
                .stream()
                .filter(pod -> self.isEmpty() || !pod.getMetadata().getUid().equals(self))
                .toList();
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
