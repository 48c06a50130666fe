package io.carpel.runtime.stats;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.cgroup.CgroupStats;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxManager;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Reads all that is counted of pods, for monitoring. Every read is of a kernel's counter or of a
/// figure kept from before: nothing here waits for a pod or a disk.
public final class CounterReader {
    private final SandboxManager sandboxes;
    private final ContainerManager containers;
    private final CgroupManager cgroups;
    private final Sources sources;

    /// Where numbers outside of cgroups come from.
    ///
    /// @param sample path of a cgroup of ours that shows what this host counts
    public record Sources(
            InterfaceCounters interfaces,
            ProcessCounter processes,
            WritableFilesystem filesystem,
            BlockDevices devices,
            String sample) {}

    public CounterReader(
            SandboxManager sandboxes,
            ContainerManager containers,
            CgroupManager cgroups,
            Sources sources) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.cgroups = cgroups;
        this.sources = sources;
    }

    /// What can be counted on this host.
    public Countable countable() {
        try {
            return Countable.of(cgroups.observe(sources.sample()).stats());
        } catch (IOException | ContainerRuntimeException _) {
            return new Countable(false, false, false, false);
        }
    }

    /// All sandboxes that are ready, with their containers.
    public List<PodCounters> pods() {
        List<Sandbox> ready = sandboxes.list().stream().filter(Sandbox::isReady).toList();
        Map<String, List<InterfaceStats>> traffic = sources.interfaces().readAll(ready);
        Map<String, List<Container>> members =
                containers.list().stream()
                        .collect(Collectors.groupingBy(each -> each.spec().sandboxId()));
        return ready.stream()
                .map(sandbox ->
                        new PodCounters(
                                sandbox,
                                traffic.getOrDefault(sandbox.id(), List.of()),
                                members.getOrDefault(sandbox.id(), List.of()).stream()
                                        .map(this::read)
                                        .flatMap(Optional::stream)
                                        .toList()))
                .toList();
    }

    /// The file system of writable layers.
    public FilesystemSize filesystem() {
        return sources.filesystem().size();
    }

    /// The name of a block device, or its number when it has none.
    public String device(int major, int minor) {
        return sources.devices().name(major, minor);
    }

    private Optional<ContainerCounters> read(Container container) {
        return switch (container.state()) {
            case ContainerState.Running _, ContainerState.Created _ -> readLive(container);
            case ContainerState.Exited _, ContainerState.Unknown _ -> Optional.empty();
        };
    }

    private Optional<ContainerCounters> readLive(Container container) {
        try {
            Cgroup group = cgroups.observe(container.cgroup());
            CgroupStats stats = group.stats();
            return Optional.of(
                    new ContainerCounters(
                            container,
                            StatsReader.translate(container.id(), stats),
                            stats.pids().flatMap(CgroupStats.Pids::limit),
                            stats.memory()
                                    .map(m ->
                                            new ContainerCounters.Faults(
                                                    m.ownPageFaults(), m.ownMajorPageFaults()))
                                    .orElse(new ContainerCounters.Faults(0, 0)),
                            stats.hugetlb().stream()
                                    .map(h -> new Hugepages(h.pageSize(), h.usage(), h.peak()))
                                    .toList(),
                            group.oomKills(),
                            sources.processes()
                                    .count(container.id(), group.pids(), container.pid())));
        } catch (IOException | ContainerRuntimeException _) {
            // Ended between the look at the table and the read.
            return Optional.empty();
        }
    }
}
