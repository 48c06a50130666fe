package io.carpel.agent.cli.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/// Asks the API server which runtime made a pod, for the chart's test, which runs inside of it.
public final class OwnPod {
    private static final String SCHEME = "carpel://";

    private final KubernetesClient client;
    private final Patience patience;

    public OwnPod(KubernetesClient client, Patience patience) {
        this.client = client;
        this.patience = patience;
    }

    /// The id of the pod's first container, as the kubelet reports it.
    ///
    /// @param runtimeClass that the pod must have
    /// @throws NodeException when it has another class, or was made by another runtime
    public String check(String namespace, String name, String runtimeClass, Duration atMost) {
        // The kubelet reports a container some time after it has started.
        patience.await(
                "the kubelet to report the pod's container",
                atMost,
                () -> containerId(pod(namespace, name)).isPresent());
        Pod pod = pod(namespace, name);
        String own = Objects.requireNonNullElse(pod.getSpec().getRuntimeClassName(), "");
        if (!own.equals(runtimeClass)) {
            throw new NodeException(
                    "pod %s/%s has the runtime class '%s', not '%s'"
                            .formatted(namespace, name, own, runtimeClass));
        }
        String id = containerId(pod).orElse("");
        if (!id.startsWith(SCHEME)) {
            throw new NodeException(
                    "pod %s/%s was made by another runtime: its container is %s"
                            .formatted(namespace, name, id));
        }
        return id;
    }

    private static Optional<String> containerId(Pod pod) {
        return pod.getStatus().getContainerStatuses().stream()
                .map(status -> Objects.requireNonNullElse(status.getContainerID(), ""))
                .filter(id -> !id.isEmpty())
                .findFirst();
    }

    private Pod pod(String namespace, String name) {
        try {
            Pod pod = client.pods().inNamespace(namespace).withName(name).get();
            if (pod == null) {
                throw new NodeException("there is no pod %s/%s".formatted(namespace, name));
            }
            return pod;
        } catch (KubernetesClientException e) {
            throw new NodeException(
                    "cannot read pod %s/%s: %s".formatted(namespace, name, ClusterClient.reason(e)),
                    e);
        }
    }
}
