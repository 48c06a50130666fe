package io.carpel.runtime.stats;

import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.cgroup.CgroupStats;
import io.carpel.runtime.cgroup.StatsDetail;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.stats.ContainerStats.Cpu;
import io.carpel.runtime.stats.ContainerStats.DeviceIo;
import io.carpel.runtime.stats.ContainerStats.Memory;
import io.carpel.runtime.stats.ContainerStats.Pressure;
import io.carpel.runtime.stats.ContainerStats.Stall;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// Reads how much containers and sandboxes use from their cgroups; measures what lies on disk now
/// and then. It is asked every few seconds and reads no more than [StatsDetail#USAGE] says, while
/// [CounterReader] reads everything.
public final class StatsReader {
    private final SandboxManager sandboxes;
    private final ContainerManager containers;
    private final CgroupManager cgroups;
    private final InterfaceCounters interfaces;
    private final LayerUsage layers;

    /// @param interfaces reads a sandbox's network counters
    /// @param layers measures writable layers
    public StatsReader(
            SandboxManager sandboxes,
            ContainerManager containers,
            CgroupManager cgroups,
            InterfaceCounters interfaces,
            LayerUsage layers) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.cgroups = cgroups;
        this.interfaces = interfaces;
        this.layers = layers;
    }

    /// Empty when the container is unknown or does not run.
    public Optional<ContainerStats> container(String id) {
        return containers.find(id).filter(c -> c.id().equals(id)).flatMap(this::read);
    }

    /// All containers that run.
    public List<ContainerStats> containers() {
        return containers.list().stream().map(this::read).flatMap(Optional::stream).toList();
    }

    /// The sandbox as a whole: its cgroup where it has one of its own, or the sum of its
    /// containers. Empty when it is unknown or not ready.
    public Optional<ContainerStats> sandbox(String id) {
        return sandboxes
                .find(id)
                .filter(s -> s.id().equals(id))
                .flatMap(sandbox -> read(sandbox, () -> members(sandbox)));
    }

    /// The same, for who has read its containers already.
    public Optional<ContainerStats> sandbox(String id, List<ContainerStats> members) {
        return sandboxes
                .find(id)
                .filter(s -> s.id().equals(id))
                .flatMap(sandbox -> read(sandbox, () -> members));
    }

    /// All sandboxes that are ready.
    public List<ContainerStats> sandboxes() {
        return sandboxes.list().stream()
                .map(sandbox -> read(sandbox, () -> members(sandbox)))
                .flatMap(Optional::stream)
                .toList();
    }

    /// Traffic of the sandboxes' interfaces but `lo`, by the sandbox's id. One with the host's
    /// network, or stopped meanwhile, is left out.
    public Map<String, List<InterfaceStats>> networks(List<Sandbox> some) {
        return interfaces.readAll(some);
    }

    /// What the container's writable layer takes up: the last measurement. Empty while the first
    /// takes long.
    public Optional<LayerUsage.Usage> writableLayer(String containerId) {
        return layers.last(containerId);
    }

    /// The sum over the writable layers of all containers, ended ones too, by their last
    /// measurements.
    public LayerUsage.Usage writableLayers() {
        return layers.total(containers.list().stream().map(Container::id).toList());
    }

    private Optional<ContainerStats> read(Container container) {
        return switch (container.state()) {
            case ContainerState.Running _, ContainerState.Created _ ->
                    read(container.id(), container.cgroup());
            case ContainerState.Exited _, ContainerState.Unknown _ -> Optional.empty();
        };
    }

    private List<ContainerStats> members(Sandbox sandbox) {
        return containers.of(sandbox.id()).stream()
                .map(this::read)
                .flatMap(Optional::stream)
                .toList();
    }

    private Optional<ContainerStats> read(Sandbox sandbox, Supplier<List<ContainerStats>> members) {
        if (!sandbox.isReady()) {
            return Optional.empty();
        }
        if (!sandbox.spec().cgroupParent().isEmpty()) {
            Optional<ContainerStats> own = read(sandbox.id(), sandbox.cgroupParent());
            if (own.isPresent()) {
                return own;
            }
        }
        return members.get().stream()
                .reduce(StatsSum::of)
                .map(sum -> StatsSum.named(sandbox.id(), sum));
    }

    private Optional<ContainerStats> read(String id, String cgroup) {
        try {
            return Optional.of(translate(id, cgroups.observe(cgroup).stats(StatsDetail.USAGE)));
        } catch (IOException | ContainerRuntimeException _) {
            // Ended between the look at the table and the read.
            return Optional.empty();
        }
    }

    static ContainerStats translate(String id, CgroupStats from) {
        return new ContainerStats(
                id,
                from.at(),
                from.cpu()
                        .map(c ->
                                new Cpu(
                                        c.usage(),
                                        c.user(),
                                        c.system(),
                                        c.periods(),
                                        c.throttledPeriods(),
                                        c.throttledTime())),
                from.memory().map(StatsReader::memory),
                from.pids().map(CgroupStats.Pids::current),
                from.io().stream()
                        .map(d ->
                                new DeviceIo(
                                        d.major(),
                                        d.minor(),
                                        d.readBytes(),
                                        d.writeBytes(),
                                        d.reads(),
                                        d.writes()))
                        .toList(),
                from.cpuPressure().map(StatsReader::pressure),
                from.memoryPressure().map(StatsReader::pressure),
                from.ioPressure().map(StatsReader::pressure));
    }

    private static Memory memory(CgroupStats.Memory m) {
        return new Memory(
                m.usage(),
                m.workingSet(),
                m.rss(),
                m.cache(),
                m.mappedFile(),
                m.kernel(),
                m.limit(),
                m.swap(),
                m.peak(),
                m.pageFaults(),
                m.majorPageFaults(),
                m.failures());
    }

    private static Pressure pressure(CgroupStats.Pressure p) {
        return new Pressure(stall(p.some()), stall(p.full()));
    }

    private static Stall stall(CgroupStats.Stall s) {
        return new Stall(s.average10(), s.average60(), s.average300(), s.total());
    }
}
