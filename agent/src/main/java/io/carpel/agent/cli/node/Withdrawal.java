package io.carpel.agent.cli.node;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Takes Carpel off all nodes of a cluster, for the chart's hook: turns the pods of the installer's
/// DaemonSet into uninstallers, and waits until no node has the installer's mark.
///
/// The mark, a label, is the first thing that an installer writes and the last that an uninstaller
/// removes. Done twice it does no harm: the patch is the same, and what is gone is gone.
public final class Withdrawal {
    /// The label of a node on which an installer has begun.
    public static final String MARK = "carpel.io/installed";

    private final KubernetesClient client;
    private final Patience patience;
    private final Consumer<String> progress;

    public Withdrawal(KubernetesClient client, Patience patience, Consumer<String> progress) {
        this.client = client;
        this.patience = patience;
        this.progress = progress;
    }

    /// @param namespace of the DaemonSet
    /// @param name of the DaemonSet
    /// @param patch that makes uninstallers of its pods, a JSON patch (RFC 6902)
    /// @throws NodeException when a node still has the mark when the time is up; it says which, and
    ///   what their uninstallers failed of
    public void run(String namespace, String name, String patch, Duration atMost) {
        List<String> marked = insisting(atMost, this::marked);
        if (marked.isEmpty()) {
            progress.accept("no node has the label " + MARK);
        }
        String set = "daemon set %s/%s".formatted(namespace, name);
        var _ =
                insisting(
                        atMost, () -> asking("patch " + set, () -> patch(namespace, name, patch)));
        List<String> last = new ArrayList<>();
        try {
            patience.await(
                    "the nodes to be free",
                    atMost,
                    () -> {
                        List<String> left = marked();
                        if (!left.equals(last)) {
                            last.clear();
                            last.addAll(left);
                            progress.accept("nodes with it: " + String.join(", ", left));
                        }
                        // An installer that was about to begin marks its node before it ends: asked
                        // again once there is none, nobody can do so any more.
                        return left.isEmpty()
                                && withoutInstallers(namespace, name)
                                && marked().isEmpty();
                    });
        } catch (NodeException e) {
            throw new NodeException(
                    "%s; still there: %s".formatted(e.getMessage(), reasons(namespace, name)), e);
        }
    }

    private DaemonSet patch(String namespace, String name, String patch) {
        return client.apps()
                .daemonSets()
                .inNamespace(namespace)
                .withName(name)
                .patch(PatchContext.of(PatchType.JSON), patch);
    }

    /// Makes the call again as long as nobody answers it: when this fails the hook has failed, and
    /// with it the uninstallation. What the server refuses it would refuse again.
    private <T> T insisting(Duration atMost, Supplier<T> call) {
        List<T> answers = new ArrayList<>(1);
        List<NodeException> refusals = new ArrayList<>(1);
        patience.await(
                "an answer of the API server",
                atMost,
                () -> {
                    try {
                        answers.add(call.get());
                    } catch (NodeException e) {
                        if (e.getCause() instanceof KubernetesClientException failure
                                && ClusterClient.isPassing(failure)) {
                            progress.accept(String.valueOf(e.getMessage()));
                            throw e;
                        }
                        refusals.add(e);
                    }
                    return true;
                });
        if (!refusals.isEmpty()) {
            throw refusals.getFirst();
        }
        return answers.getFirst();
    }

    private List<String> marked() {
        return asking(
                "list the nodes with the label " + MARK,
                () ->
                        client.nodes().withLabel(MARK).list().getItems().stream()
                                .map(node -> node.getMetadata().getName())
                                .sorted()
                                .toList());
    }

    /// Whether the controller has seen the patch, and no pod is left on a node without the mark,
    /// where only installers of before are. Its count of nodes that should have a pod does not
    /// matter: it grows old when a node is deleted.
    private boolean withoutInstallers(String namespace, String name) {
        return asking(
                "read daemon set %s/%s".formatted(namespace, name),
                () -> {
                    var set =
                            client.apps().daemonSets().inNamespace(namespace).withName(name).get();
                    if (set == null) {
                        return true;
                    }
                    long seen =
                            Objects.requireNonNullElse(set.getStatus().getObservedGeneration(), 0L);
                    return seen >= set.getMetadata().getGeneration()
                            && set.getStatus().getNumberMisscheduled() == 0;
                });
    }

    /// For each node with the mark what its uninstaller said last.
    private String reasons(String namespace, String name) {
        Map<String, String> byNode = new TreeMap<>();
        marked().forEach(node -> byNode.put(node, "no uninstaller has run there"));
        asking(
                "list the pods of namespace " + namespace,
                () -> {
                    client.pods().inNamespace(namespace).list().getItems().stream()
                            .filter(pod -> belongsTo(pod, name))
                            .forEach(pod ->
                                    byNode.computeIfPresent(
                                            String.valueOf(pod.getSpec().getNodeName()),
                                            (_, none) -> said(pod).orElse(none)));
                    return true;
                });
        return String.join(
                "; ",
                byNode.entrySet().stream()
                        .map(entry -> entry.getKey() + ": " + entry.getValue())
                        .toList());
    }

    private static boolean belongsTo(Pod pod, String daemonSet) {
        return pod.getMetadata().getOwnerReferences().stream()
                .anyMatch(owner ->
                        owner.getKind().equals("DaemonSet") && owner.getName().equals(daemonSet));
    }

    private static Optional<String> said(Pod pod) {
        List<ContainerStatus> statuses = pod.getStatus().getContainerStatuses();
        return statuses.stream()
                .flatMap(status -> Stream.of(status.getLastState(), status.getState()))
                .flatMap(state -> message(state).stream())
                .findFirst()
                .or(() -> Optional.of("its uninstaller is " + pod.getStatus().getPhase()));
    }

    private static Optional<String> message(ContainerState state) {
        return Optional.ofNullable(state.getTerminated())
                .map(end -> Objects.requireNonNullElse(end.getMessage(), end.getReason()))
                .map(String::strip)
                .or(() ->
                        Optional.ofNullable(state.getWaiting())
                                .map(wait ->
                                        Objects.requireNonNullElse(
                                                wait.getMessage(), wait.getReason())));
    }

    private static <T> T asking(String what, Supplier<T> call) {
        try {
            return call.get();
        } catch (KubernetesClientException e) {
            throw new NodeException("cannot %s: %s".formatted(what, ClusterClient.reason(e)), e);
        }
    }
}
