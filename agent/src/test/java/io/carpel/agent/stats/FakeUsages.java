package io.carpel.agent.stats;

import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.stats.ContainerStats;
import io.carpel.runtime.stats.InterfaceStats;
import io.carpel.runtime.stats.LayerUsage;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Numbers that a test sets.
public final class FakeUsages implements Usages {
    /// By id of container or sandbox.
    public final Map<String, ContainerStats> all = new HashMap<>();

    /// Of every sandbox.
    public List<InterfaceStats> interfaces = List.of();

    @Override
    public Optional<ContainerStats> container(String id) {
        return Optional.ofNullable(all.get(id));
    }

    @Override
    public Optional<ContainerStats> sandbox(String id, List<ContainerStats> members) {
        return Optional.ofNullable(all.get(id));
    }

    @Override
    public Map<String, List<InterfaceStats>> networks(List<Sandbox> some) {
        return some.stream().collect(Collectors.toMap(Sandbox::id, _ -> interfaces));
    }

    @Override
    public Optional<LayerUsage.Usage> writableLayer(String containerId) {
        return Optional.of(new LayerUsage.Usage(Instant.ofEpochSecond(3), 4096, 2));
    }
}
