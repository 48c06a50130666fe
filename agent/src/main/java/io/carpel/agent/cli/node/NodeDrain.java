package io.carpel.agent.cli.node;

import io.carpel.agent.cli.node.NodeApi.Tenant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Empties a node, in the time that disruption budgets take.
final class NodeDrain {
    private final NodeParts parts;

    NodeDrain(NodeParts parts) {
        this.parts = parts;
    }

    /// Evicts again and again until nobody is left: a budget allows one pod after the other.
    void run(Duration atMost) {
        List<Tenant> left = new ArrayList<>(parts.node().tenants());
        try {
            parts.patience()
                    .await(
                            "the pods to leave",
                            atMost,
                            () -> {
                                left.clear();
                                left.addAll(parts.node().tenants());
                                left.forEach(parts.node()::evict);
                                return left.isEmpty();
                            });
        } catch (NodeException e) {
            throw left.isEmpty()
                    ? e
                    : new NodeException(
                            "%s; still there, perhaps by a disruption budget: %s"
                                    .formatted(e.getMessage(), left),
                            e);
        }
    }
}
