package io.carpel.agent.translate;

import io.carpel.cri.ContainerAttributes;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.CpuUsage;
import io.carpel.cri.IoUsage;
import io.carpel.cri.MemoryUsage;
import io.carpel.cri.NetworkInterfaceUsage;
import io.carpel.cri.NetworkUsage;
import io.carpel.cri.PodSandboxAttributes;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.ProcessUsage;
import io.carpel.cri.PsiData;
import io.carpel.cri.PsiStats;
import io.carpel.cri.SwapUsage;
import io.carpel.cri.UInt64Value;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.stats.ContainerStats;
import io.carpel.runtime.stats.InterfaceStats;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;

/// Numbers → what CRI calls them. A number that the host does not count is left out, never 0.
public final class StatsTranslator {
    private StatsTranslator() {}

    public static ContainerAttributes attributes(Container container) {
        ContainerConfig config = Payload.of(container);
        return ContainerAttributes.newBuilder()
                .setId(container.id())
                .setMetadata(config.getMetadata())
                .putAllLabels(config.getLabelsMap())
                .putAllAnnotations(config.getAnnotationsMap())
                .build();
    }

    public static PodSandboxAttributes attributes(Sandbox sandbox) {
        PodSandboxConfig config = Payload.of(sandbox);
        return PodSandboxAttributes.newBuilder()
                .setId(sandbox.id())
                .setMetadata(config.getMetadata())
                .putAllLabels(config.getLabelsMap())
                .putAllAnnotations(config.getAnnotationsMap())
                .build();
    }

    /// @param rate nanoseconds of CPU time per second, once known
    public static CpuUsage cpu(ContainerStats stats, ContainerStats.Cpu cpu, OptionalLong rate) {
        CpuUsage.Builder usage =
                CpuUsage.newBuilder()
                        .setTimestamp(Nanos.of(stats.at()))
                        .setUsageCoreNanoSeconds(number(cpu.usage()));
        rate.ifPresent(value -> usage.setUsageNanoCores(number(value)));
        stats.cpuPressure().ifPresent(pressure -> usage.setPsi(pressure(pressure)));
        return usage.build();
    }

    public static MemoryUsage memory(ContainerStats stats, ContainerStats.Memory memory) {
        MemoryUsage.Builder usage =
                MemoryUsage.newBuilder()
                        .setTimestamp(Nanos.of(stats.at()))
                        .setUsageBytes(number(memory.usage()))
                        .setWorkingSetBytes(number(memory.workingSet()))
                        .setRssBytes(number(memory.rss()))
                        .setPageFaults(number(memory.pageFaults()))
                        .setMajorPageFaults(number(memory.majorPageFaults()));
        memory.available().ifPresent(bytes -> usage.setAvailableBytes(number(bytes)));
        stats.memoryPressure().ifPresent(pressure -> usage.setPsi(pressure(pressure)));
        return usage.build();
    }

    public static SwapUsage swap(Instant at, long bytes) {
        return SwapUsage.newBuilder()
                .setTimestamp(Nanos.of(at))
                .setSwapUsageBytes(number(bytes))
                .build();
    }

    public static IoUsage io(Instant at, ContainerStats.Pressure pressure) {
        return IoUsage.newBuilder().setTimestamp(Nanos.of(at)).setPsi(pressure(pressure)).build();
    }

    public static ProcessUsage processes(Instant at, long count) {
        return ProcessUsage.newBuilder()
                .setTimestamp(Nanos.of(at))
                .setProcessCount(number(count))
                .build();
    }

    /// The interface that carries the pod's address first, the others after it.
    public static NetworkUsage network(Instant at, List<InterfaceStats> interfaces) {
        NetworkUsage.Builder usage = NetworkUsage.newBuilder().setTimestamp(Nanos.of(at));
        for (InterfaceStats one : interfaces) {
            if (one.name().equals(NetworkRequest.INTERFACE_NAME)) {
                usage.setDefaultInterface(traffic(one));
            } else {
                usage.addInterfaces(traffic(one));
            }
        }
        return usage.build();
    }

    private static NetworkInterfaceUsage traffic(InterfaceStats one) {
        return NetworkInterfaceUsage.newBuilder()
                .setName(one.name())
                .setRxBytes(number(one.receivedBytes()))
                .setRxErrors(number(one.receiveErrors()))
                .setTxBytes(number(one.sentBytes()))
                .setTxErrors(number(one.sendErrors()))
                .build();
    }

    private static PsiStats pressure(ContainerStats.Pressure pressure) {
        return PsiStats.newBuilder()
                .setSome(stall(pressure.some()))
                .setFull(stall(pressure.full()))
                .build();
    }

    private static PsiData stall(ContainerStats.Stall stall) {
        return PsiData.newBuilder()
                .setTotal(stall.total())
                .setAvg10(stall.average10())
                .setAvg60(stall.average60())
                .setAvg300(stall.average300())
                .build();
    }

    /// A number that is there, whatever its value.
    public static UInt64Value number(long value) {
        return UInt64Value.newBuilder().setValue(value).build();
    }
}
