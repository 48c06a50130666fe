package io.carpel.runtime.network.node;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.network.PodNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The network of one host: CNI or the built-in bridge, chosen anew for each attach.
///
/// A directory with configuration files of which none can be used is a broken CNI network, not the
/// absence of one: pods on the wrong network are worse than pods that wait.
public final class NodeNetwork implements PodNetwork {
    private final NetworkConfig.Mode mode;
    private final PodNetwork cni;
    private final PodNetwork bridge;

    /// Takes over both networks and closes them.
    public NodeNetwork(NetworkConfig.Mode mode, PodNetwork cni, PodNetwork bridge) {
        this.mode = mode;
        this.cni = cni;
        this.bridge = bridge;
    }

    @Override
    public NetworkResult attach(NetworkRequest request) {
        return current().attach(request);
    }

    /// Each network knows its own sandboxes, so both are asked: the one that did not attach this
    /// sandbox has nothing to do.
    @Override
    public void detach(NetworkRequest request) {
        try {
            cni.detach(request);
        } catch (ContainerRuntimeException failure) {
            try {
                bridge.detach(request);
            } catch (ContainerRuntimeException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
        bridge.detach(request);
    }

    @Override
    public NetworkStatus status() {
        return switch (mode) {
            case CNI -> cni.status();
            case BRIDGE -> bridge.status();
            case AUTO -> {
                var status = cni.status();
                yield status.files().isEmpty() ? bridge.status() : status;
            }
        };
    }

    @Override
    public List<String> reconcile(Set<String> liveSandboxIds) {
        var problems = new ArrayList<>(cni.reconcile(liveSandboxIds));
        problems.addAll(bridge.reconcile(liveSandboxIds));
        return List.copyOf(problems);
    }

    @Override
    public void close() {
        try {
            cni.close();
        } finally {
            bridge.close();
        }
    }

    private PodNetwork current() {
        return switch (mode) {
            case CNI -> cni;
            case BRIDGE -> bridge;
            case AUTO -> cni.status().files().isEmpty() ? bridge : cni;
        };
    }
}
