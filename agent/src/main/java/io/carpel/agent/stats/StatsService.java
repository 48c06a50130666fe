package io.carpel.agent.stats;

import io.carpel.agent.pod.Containers;
import io.carpel.agent.pod.PodFilters;
import io.carpel.agent.pod.Prefixes;
import io.carpel.agent.pod.Sandboxes;
import io.carpel.agent.translate.Nanos;
import io.carpel.agent.translate.StatsTranslator;
import io.carpel.cri.ContainerStats;
import io.carpel.cri.ContainerStatsFilter;
import io.carpel.cri.FilesystemIdentifier;
import io.carpel.cri.FilesystemUsage;
import io.carpel.cri.LinuxPodSandboxStats;
import io.carpel.cri.PodSandboxStats;
import io.carpel.cri.PodSandboxStatsFilter;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.stats.InterfaceStats;
import io.carpel.runtime.stats.LayerUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Numbers of containers and sandboxes. Lists leave out what no longer runs; asked for by id, it
/// answers with its attributes alone.
public final class StatsService {
    private final Sandboxes sandboxes;
    private final Containers containers;
    private final Usages usages;
    private final String writableDirectory;
    private final CpuRates rates = new CpuRates();

    /// @param writableDirectory a directory on the file system of writable layers
    public StatsService(
            Sandboxes sandboxes, Containers containers, Usages usages, String writableDirectory) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.usages = usages;
        this.writableDirectory = writableDirectory;
        containers.changes().subscribe(this::onChange);
        sandboxes.changes().subscribe(this::onChange);
    }

    private void onChange(ContainerChange change) {
        if (change.kind() == ContainerChange.Kind.REMOVED) {
            rates.forget(change.container().id());
        }
    }

    private void onChange(SandboxChange change) {
        if (change.kind() == SandboxChange.Kind.REMOVED) {
            rates.forget(change.sandbox().id());
        }
    }

    public ContainerStats container(String id) {
        Container container = Prefixes.container(containers, id);
        return stats(container)
                .orElseGet(() ->
                        ContainerStats.newBuilder()
                                .setAttributes(StatsTranslator.attributes(container))
                                .build());
    }

    public List<ContainerStats> containers(ContainerStatsFilter filter) {
        return PodFilters.containers(containers.list(), sandboxes.list(), filter).stream()
                .map(this::stats)
                .flatMap(Optional::stream)
                .toList();
    }

    private Optional<ContainerStats> stats(Container container) {
        return usages.container(container.id()).map(usage -> stats(container, usage));
    }

    private ContainerStats stats(
            Container container, io.carpel.runtime.stats.ContainerStats usage) {
        ContainerStats.Builder stats =
                ContainerStats.newBuilder().setAttributes(StatsTranslator.attributes(container));
        usages.writableLayer(container.id())
                .ifPresent(layer -> stats.setWritableLayer(writableLayer(layer)));
        usage.cpu().ifPresent(cpu -> stats.setCpu(cpu(usage, cpu)));
        usage.memory().ifPresent(m -> stats.setMemory(StatsTranslator.memory(usage, m)));
        usage.memory()
                .flatMap(memory -> memory.swap())
                .ifPresent(bytes -> stats.setSwap(StatsTranslator.swap(usage.at(), bytes)));
        usage.ioPressure()
                .ifPresent(pressure -> stats.setIo(StatsTranslator.io(usage.at(), pressure)));
        return stats.build();
    }

    private io.carpel.cri.CpuUsage cpu(
            io.carpel.runtime.stats.ContainerStats usage,
            io.carpel.runtime.stats.ContainerStats.Cpu cpu) {
        return StatsTranslator.cpu(usage, cpu, rates.rate(usage.id(), usage.at(), cpu.usage()));
    }

    private FilesystemUsage writableLayer(LayerUsage.Usage layer) {
        return FilesystemUsage.newBuilder()
                .setTimestamp(Nanos.of(layer.at()))
                .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(writableDirectory))
                .setUsedBytes(StatsTranslator.number(layer.bytes()))
                .setInodesUsed(StatsTranslator.number(layer.inodes()))
                .build();
    }

    public PodSandboxStats sandbox(String id) {
        return stats(List.of(Prefixes.sandbox(sandboxes, id))).getFirst();
    }

    public List<PodSandboxStats> sandboxes(PodSandboxStatsFilter filter) {
        return stats(
                PodFilters.sandboxes(sandboxes.list(), filter).stream()
                        .filter(Sandbox::isReady)
                        .toList());
    }

    private List<PodSandboxStats> stats(List<Sandbox> some) {
        Map<String, List<InterfaceStats>> traffic = usages.networks(some);
        Map<String, List<Container>> members =
                containers.list().stream()
                        .collect(Collectors.groupingBy(each -> each.spec().sandboxId()));
        return some.stream()
                .map(sandbox ->
                        stats(
                                sandbox,
                                traffic.getOrDefault(sandbox.id(), List.of()),
                                members.getOrDefault(sandbox.id(), List.of())))
                .toList();
    }

    private PodSandboxStats stats(
            Sandbox sandbox, List<InterfaceStats> traffic, List<Container> members) {
        LinuxPodSandboxStats.Builder linux = LinuxPodSandboxStats.newBuilder();
        List<io.carpel.runtime.stats.ContainerStats> read = new ArrayList<>();
        for (Container member : members) {
            usages.container(member.id())
                    .ifPresent(usage -> {
                        read.add(usage);
                        linux.addContainers(stats(member, usage));
                    });
        }
        usages.sandbox(sandbox.id(), read).ifPresent(usage -> addUsage(linux, usage, traffic));
        return PodSandboxStats.newBuilder()
                .setAttributes(StatsTranslator.attributes(sandbox))
                .setLinux(linux)
                .build();
    }

    private void addUsage(
            LinuxPodSandboxStats.Builder linux,
            io.carpel.runtime.stats.ContainerStats usage,
            List<InterfaceStats> traffic) {
        usage.cpu().ifPresent(cpu -> linux.setCpu(cpu(usage, cpu)));
        usage.memory().ifPresent(m -> linux.setMemory(StatsTranslator.memory(usage, m)));
        usage.processes()
                .ifPresent(count -> linux.setProcess(StatsTranslator.processes(usage.at(), count)));
        usage.ioPressure()
                .ifPresent(pressure -> linux.setIo(StatsTranslator.io(usage.at(), pressure)));
        if (!traffic.isEmpty()) {
            linux.setNetwork(StatsTranslator.network(usage.at(), traffic));
        }
    }
}
