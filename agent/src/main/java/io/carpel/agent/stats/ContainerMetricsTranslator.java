package io.carpel.agent.stats;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.stats.ContainerCounters;
import io.carpel.runtime.stats.ContainerStats;
import io.carpel.runtime.stats.FilesystemSize;
import io.carpel.runtime.stats.LayerUsage;
import java.time.Instant;
import java.util.Optional;

/// The counters of a container → its numbers under cAdvisor's names. Where cAdvisor and the kernel
/// differ on what "no limit" looks like, it is 0, as monitoring expects.
final class ContainerMetricsTranslator {
    private static final long DEFAULT_SHARES = 1024;
    private static final long DEFAULT_PERIOD = 100_000;

    private ContainerMetricsTranslator() {}

    /// Finds the name of a block device.
    @FunctionalInterface
    interface DeviceNames {
        String of(int major, int minor);
    }

    static void add(MetricList to, ContainerCounters counters, DeviceNames devices) {
        ContainerStats usage = counters.usage();
        usage.cpu().ifPresent(cpu -> addCpu(to, cpu));
        usage.memory().ifPresent(memory -> addMemory(to, memory, counters));
        to.add(PodMetric.OOM_EVENTS, counters.oomKills());
        usage.io().forEach(io -> addIo(to, io, devices.of(io.major(), io.minor())));
        counters.hugepages()
                .forEach(huge -> {
                    to.add(PodMetric.HUGETLB_USAGE, huge.usage(), huge.pageSize());
                    to.add(PodMetric.HUGETLB_PEAK, huge.peak().orElse(0L), huge.pageSize());
                });
        addPressure(to, usage);
        addProcesses(to, counters);
        addSpec(to, counters);
        to.add(PodMetric.LAST_SEEN, usage.at().getEpochSecond());
    }

    private static void addCpu(MetricList to, ContainerStats.Cpu cpu) {
        to.addSeconds(PodMetric.CPU_USAGE, cpu.usage(), "total");
        to.addSeconds(PodMetric.CPU_USER, cpu.user());
        to.addSeconds(PodMetric.CPU_SYSTEM, cpu.system());
        to.add(PodMetric.CPU_PERIODS, cpu.periods());
        to.add(PodMetric.CPU_THROTTLED_PERIODS, cpu.throttledPeriods());
        to.addSeconds(PodMetric.CPU_THROTTLED_TIME, cpu.throttledTime());
    }

    private static void addMemory(
            MetricList to, ContainerStats.Memory memory, ContainerCounters counters) {
        to.add(PodMetric.MEMORY_CACHE, memory.cache());
        to.add(PodMetric.MEMORY_RSS, memory.rss());
        to.add(PodMetric.MEMORY_KERNEL, memory.kernel());
        to.add(PodMetric.MEMORY_MAPPED, memory.mappedFile());
        to.add(PodMetric.MEMORY_SWAP, memory.swap());
        to.add(PodMetric.MEMORY_FAILCNT, memory.failures());
        to.add(PodMetric.MEMORY_USAGE, memory.usage());
        to.add(PodMetric.MEMORY_PEAK, memory.peak());
        to.add(PodMetric.MEMORY_WORKING_SET, memory.workingSet());
        ContainerCounters.Faults own = counters.ownFaults();
        to.add(PodMetric.MEMORY_FAULTS, own.all(), "pgfault", "container");
        to.add(PodMetric.MEMORY_FAULTS, memory.pageFaults(), "pgfault", "hierarchy");
        to.add(PodMetric.MEMORY_FAULTS, own.major(), "pgmajfault", "container");
        to.add(PodMetric.MEMORY_FAULTS, memory.majorPageFaults(), "pgmajfault", "hierarchy");
    }

    private static void addIo(MetricList to, ContainerStats.DeviceIo io, String device) {
        to.add(PodMetric.FS_READ_BYTES, io.readBytes(), device);
        to.add(PodMetric.FS_READS, io.reads(), device);
        to.add(PodMetric.FS_WRITE_BYTES, io.writeBytes(), device);
        to.add(PodMetric.FS_WRITES, io.writes(), device);
        String major = Integer.toString(io.major());
        String minor = Integer.toString(io.minor());
        to.add(PodMetric.BLKIO_USAGE, io.readBytes(), device, major, minor, "Read");
        to.add(PodMetric.BLKIO_USAGE, io.writeBytes(), device, major, minor, "Write");
    }

    private static void addPressure(MetricList to, ContainerStats usage) {
        usage.cpuPressure()
                .ifPresent(p -> {
                    to.addSeconds(PodMetric.PRESSURE_CPU_STALLED, p.full().total());
                    to.addSeconds(PodMetric.PRESSURE_CPU_WAITING, p.some().total());
                });
        usage.ioPressure()
                .ifPresent(p -> {
                    to.addSeconds(PodMetric.PRESSURE_IO_STALLED, p.full().total());
                    to.addSeconds(PodMetric.PRESSURE_IO_WAITING, p.some().total());
                });
        usage.memoryPressure()
                .ifPresent(p -> {
                    to.addSeconds(PodMetric.PRESSURE_MEMORY_STALLED, p.full().total());
                    to.addSeconds(PodMetric.PRESSURE_MEMORY_WAITING, p.some().total());
                });
    }

    private static void addProcesses(MetricList to, ContainerCounters counters) {
        to.add(PodMetric.THREADS, counters.usage().processes());
        to.add(PodMetric.THREADS_MAX, counters.taskLimit().orElse(0L));
        counters.processes()
                .ifPresent(counts -> {
                    to.add(PodMetric.PROCESSES, counts.processes());
                    to.add(PodMetric.FILE_DESCRIPTORS, counts.descriptors());
                    to.add(PodMetric.SOCKETS, counts.sockets());
                    to.add(PodMetric.ULIMITS_SOFT, counts.openFileLimit(), "max_open_files");
                });
    }

    private static void addSpec(MetricList to, ContainerCounters counters) {
        Container container = counters.container();
        ResourceLimits limits = container.resources();
        to.add(PodMetric.SPEC_CPU_SHARES, orElse(limits.cpuShares(), DEFAULT_SHARES));
        to.add(PodMetric.SPEC_CPU_PERIOD, orElse(limits.cpuPeriod(), DEFAULT_PERIOD));
        if (limits.cpuQuota() > 0) {
            to.add(PodMetric.SPEC_CPU_QUOTA, limits.cpuQuota());
        }
        long memory = counters.usage().memory().flatMap(ContainerStats.Memory::limit).orElse(0L);
        to.add(PodMetric.SPEC_MEMORY_LIMIT, memory);
        to.add(PodMetric.SPEC_MEMORY_SWAP_LIMIT, Math.max(0, limits.memorySwapLimit()));
        to.add(PodMetric.SPEC_MEMORY_RESERVATION, reservation(limits));
        to.add(PodMetric.START_TIME, startedAt(container).getEpochSecond());
    }

    private static long orElse(long value, long fallback) {
        return value > 0 ? value : fallback;
    }

    /// A request can ask for it by a cgroup v2 file alone.
    private static long reservation(ResourceLimits limits) {
        String bytes = limits.unified().getOrDefault("memory.min", "0");
        try {
            return Math.max(0, Long.parseLong(bytes.strip()));
        } catch (NumberFormatException _) {
            // "max": all of it, which has no number.
            return 0;
        }
    }

    private static Instant startedAt(Container container) {
        return switch (container.state()) {
            case ContainerState.Running(int _, Instant startedAt) -> startedAt;
            case ContainerState.Created _, ContainerState.Exited _, ContainerState.Unknown _ ->
                    container.createdAt();
        };
    }

    static void addFilesystem(
            MetricList to, FilesystemSize filesystem, Optional<LayerUsage.Usage> layer) {
        String device = filesystem.device();
        to.add(PodMetric.FS_LIMIT, filesystem.bytes(), device);
        to.add(PodMetric.FS_INODES_TOTAL, filesystem.inodes(), device);
        to.add(PodMetric.FS_INODES_FREE, filesystem.freeInodes(), device);
        layer.ifPresent(usage -> to.add(PodMetric.FS_USAGE, usage.bytes(), device));
    }
}
