package io.carpel.agent.cli.node;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One node as the API server knows it. Every method throws [NodeException] when the server cannot
/// be asked or refuses.
public interface NodeApi {
    /// What of a node's status a switch looks at.
    ///
    /// @param runtime name, `://` and version of the runtime that the kubelet reported last
    /// @param heartbeat when the kubelet reported readiness last, in the server's words; changes
    ///   with every report
    record View(
            boolean ready, boolean cordoned, String runtime, String kubelet, String heartbeat) {}

    /// A pod that has to leave before the runtime changes.
    record Tenant(String namespace, String name) {
        @Override
        public String toString() {
            return namespace + "/" + name;
        }
    }

    View view();

    void cordon(boolean unschedulable);

    /// Pods on the node that a drain moves: all but those of daemon sets and mirrors of static
    /// pods.
    List<Tenant> tenants();

    /// Asks for a pod to go.
    ///
    /// @return whether it was granted; `false` means that a disruption budget forbids it for now
    boolean evict(Tenant tenant);

    /// Tells the cluster's people, as an event on the node.
    ///
    /// @param warning whether somebody should look
    void event(String reason, String message, boolean warning);

    /// Sets the node's condition `CarpelHealthy`. The time of its last transition changes only when
    /// it does.
    void condition(boolean healthy, String reason, String message);

    /// Takes that condition away.
    void removeCondition();

    Map<String, String> labels();

    /// @param labels by name; without a value, the label is taken away
    void label(Map<String, Optional<String>> labels);
}
