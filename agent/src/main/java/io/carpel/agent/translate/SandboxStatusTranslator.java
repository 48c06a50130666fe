package io.carpel.agent.translate;

import io.carpel.cri.LinuxPodSandboxStatus;
import io.carpel.cri.Namespace;
import io.carpel.cri.PodIP;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxNetworkStatus;
import io.carpel.cri.PodSandboxState;
import io.carpel.cri.PodSandboxStatus;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxState;
import java.util.List;

/// A sandbox's snapshot → what CRI calls its status.
public final class SandboxStatusTranslator {
    private SandboxStatusTranslator() {}

    public static PodSandboxState state(Sandbox sandbox) {
        return switch (sandbox.state()) {
            case SandboxState.Ready _ -> PodSandboxState.SANDBOX_READY;
            case SandboxState.NotReady _ -> PodSandboxState.SANDBOX_NOTREADY;
        };
    }

    public static PodSandboxStatus status(Sandbox sandbox) {
        PodSandboxConfig config = Payload.of(sandbox);
        return PodSandboxStatus.newBuilder()
                .setId(sandbox.id())
                .setMetadata(config.getMetadata())
                .setState(state(sandbox))
                .setCreatedAt(Nanos.of(sandbox.createdAt()))
                .setNetwork(network(sandbox))
                // The request's own options: the kubelet compares them with the pod.
                .setLinux(
                        LinuxPodSandboxStatus.newBuilder()
                                .setNamespaces(
                                        Namespace.newBuilder()
                                                .setOptions(
                                                        config.getLinux()
                                                                .getSecurityContext()
                                                                .getNamespaceOptions())))
                .putAllLabels(config.getLabelsMap())
                .putAllAnnotations(config.getAnnotationsMap())
                .setRuntimeHandler(sandbox.spec().handler())
                .build();
    }

    private static PodSandboxNetworkStatus network(Sandbox sandbox) {
        PodSandboxNetworkStatus.Builder network = PodSandboxNetworkStatus.newBuilder();
        List<String> addresses = sandbox.addresses();
        if (sandbox.spec().namespaces().hostNetwork() || addresses.isEmpty()) {
            return network.build();
        }
        network.setIp(addresses.getFirst());
        addresses.stream()
                .skip(1)
                .forEach(ip -> network.addAdditionalIps(PodIP.newBuilder().setIp(ip)));
        return network.build();
    }

    public static PodSandbox item(Sandbox sandbox) {
        PodSandboxConfig config = Payload.of(sandbox);
        return PodSandbox.newBuilder()
                .setId(sandbox.id())
                .setMetadata(config.getMetadata())
                .setState(state(sandbox))
                .setCreatedAt(Nanos.of(sandbox.createdAt()))
                .putAllLabels(config.getLabelsMap())
                .putAllAnnotations(config.getAnnotationsMap())
                .setRuntimeHandler(sandbox.spec().handler())
                .build();
    }
}
