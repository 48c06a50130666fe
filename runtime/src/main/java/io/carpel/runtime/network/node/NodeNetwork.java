package io.carpel.runtime.network.node;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.network.PodNetwork;
import io.carpel.runtime.network.bridge.BridgeNetwork;
import io.carpel.runtime.network.cni.CniNetwork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The network of one host: CNI or the built-in bridge, chosen anew for each attach.
///
/// A directory with configuration files of which none can be used is a broken CNI network, not the
/// absence of one: pods on the wrong network are worse than pods that wait.
public final class NodeNetwork implements PodNetwork {
    private final NetworkConfig.Mode mode;
    private final CniNetwork cni;
    private final BridgeNetwork bridge;

    /// Takes over both networks and closes them.
    private NodeNetwork(NetworkConfig.Mode mode, CniNetwork cni, BridgeNetwork bridge) {
        this.mode = mode;
        this.cni = cni;
        this.bridge = bridge;
    }

    /// Reads what sandboxes have from an earlier life; runs no plugin and changes nothing on the
    /// host.
    ///
    /// @throws IOException when the state directory cannot be read
    public static NodeNetwork open(NetworkConfig config, BridgeNetwork.KernelCalls calls)
            throws IOException {
        return new NodeNetwork(
                config.mode(),
                CniNetwork.open(config.cni(), config.stateDirectory().resolve("cni")),
                BridgeNetwork.open(
                        config.bridge(), config.stateDirectory().resolve("bridge"), calls));
    }

    /// The sandboxes' addresses as the cluster assigns them to this host, in CIDR form. CNI plugins
    /// that ask for them are told from now on; the built-in bridge keeps its configured range.
    public void useRanges(List<String> cidrs) {
        cni.useRanges(cidrs);
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
            case AUTO -> cni.isConfigured() ? cni.status() : bridge.status();
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
            case AUTO -> cni.isConfigured() ? cni : bridge;
        };
    }
}
