package io.carpel.agent.stats;

import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.stats.ContainerStats;
import io.carpel.runtime.stats.InterfaceStats;
import io.carpel.runtime.stats.LayerUsage;
import io.carpel.runtime.stats.StatsReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is needed of [StatsReader]; a seam, so that tests need no kernel.
public interface Usages {
    Optional<ContainerStats> container(String id);

    /// @param members what its containers use
    Optional<ContainerStats> sandbox(String id, List<ContainerStats> members);

    /// Traffic by the sandbox's id; one without a network of its own is left out.
    Map<String, List<InterfaceStats>> networks(List<Sandbox> some);

    Optional<LayerUsage.Usage> writableLayer(String containerId);

    static Usages of(StatsReader reader) {
        return new Usages() {
            @Override
            public Optional<ContainerStats> container(String id) {
                return reader.container(id);
            }

            @Override
            public Optional<ContainerStats> sandbox(String id, List<ContainerStats> members) {
                return reader.sandbox(id, members);
            }

            @Override
            public Map<String, List<InterfaceStats>> networks(List<Sandbox> some) {
                return reader.networks(some);
            }

            @Override
            public Optional<LayerUsage.Usage> writableLayer(String containerId) {
                return reader.writableLayer(containerId);
            }
        };
    }
}
