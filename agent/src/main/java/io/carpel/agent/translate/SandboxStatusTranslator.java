package io.carpel.agent.translate;

import io.carpel.cri.IDMapping;
import io.carpel.cri.LinuxPodSandboxStatus;
import io.carpel.cri.Namespace;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodIP;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxNetworkStatus;
import io.carpel.cri.PodSandboxState;
import io.carpel.cri.PodSandboxStatus;
import io.carpel.cri.UserNamespace;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxState;
import io.carpel.runtime.spec.IdMapping;
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
                .setLinux(
                        LinuxPodSandboxStatus.newBuilder()
                                .setNamespaces(
                                        Namespace.newBuilder()
                                                .setOptions(namespaces(sandbox, config))))
                .putAllLabels(config.getLabelsMap())
                .putAllAnnotations(config.getAnnotationsMap())
                .setRuntimeHandler(sandbox.spec().handler())
                .build();
    }

    // The request's own options: the kubelet compares them with the pod. Ids that the runtime has
    // chosen are added, for whoever looks for a range that is free.
    private static NamespaceOption namespaces(Sandbox sandbox, PodSandboxConfig config) {
        NamespaceOption options = config.getLinux().getSecurityContext().getNamespaceOptions();
        var user = sandbox.spec().namespaces().user();
        if (sandbox.spec().remap().isEmpty() || user.isEmpty()) {
            return options;
        }
        UserNamespace.Builder chosen = UserNamespace.newBuilder().setMode(NamespaceMode.POD);
        user.get().uids().forEach(line -> chosen.addUids(mapping(line)));
        user.get().gids().forEach(line -> chosen.addGids(mapping(line)));
        return options.toBuilder().setUsernsOptions(chosen).build();
    }

    private static IDMapping mapping(IdMapping line) {
        return IDMapping.newBuilder()
                .setContainerId((int) line.containerId())
                .setHostId((int) line.hostId())
                .setLength((int) line.size())
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
