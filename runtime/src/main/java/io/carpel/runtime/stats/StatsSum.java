package io.carpel.runtime.stats;

import io.carpel.runtime.stats.ContainerStats.Cpu;
import io.carpel.runtime.stats.ContainerStats.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/// Adds up what several containers use. Pressure has no sum, so it is left out.
final class StatsSum {
    private StatsSum() {}

    static ContainerStats of(ContainerStats a, ContainerStats b) {
        List<ContainerStats.DeviceIo> io = new ArrayList<>(a.io());
        io.addAll(b.io());
        return new ContainerStats(
                a.id(),
                a.at().isAfter(b.at()) ? a.at() : b.at(),
                add(a.cpu(), b.cpu(), StatsSum::cpu),
                add(a.memory(), b.memory(), StatsSum::memory),
                add(a.processes(), b.processes(), Long::sum),
                io,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    static ContainerStats named(String id, ContainerStats s) {
        return new ContainerStats(
                id,
                s.at(),
                s.cpu(),
                s.memory(),
                s.processes(),
                s.io(),
                s.cpuPressure(),
                s.memoryPressure(),
                s.ioPressure());
    }

    private static <T> Optional<T> add(Optional<T> a, Optional<T> b, BinaryOperator<T> sum) {
        return a.isPresent() && b.isPresent()
                ? Optional.of(sum.apply(a.get(), b.get()))
                : a.or(() -> b);
    }

    private static Cpu cpu(Cpu a, Cpu b) {
        return new Cpu(
                a.usage() + b.usage(),
                a.user() + b.user(),
                a.system() + b.system(),
                a.periods() + b.periods(),
                a.throttledPeriods() + b.throttledPeriods(),
                a.throttledTime() + b.throttledTime());
    }

    private static Memory memory(Memory a, Memory b) {
        return new Memory(
                a.usage() + b.usage(),
                a.workingSet() + b.workingSet(),
                a.rss() + b.rss(),
                a.cache() + b.cache(),
                a.mappedFile() + b.mappedFile(),
                a.kernel() + b.kernel(),
                Optional.empty(),
                add(a.swap(), b.swap(), Long::sum),
                Optional.empty(),
                a.pageFaults() + b.pageFaults(),
                a.majorPageFaults() + b.majorPageFaults(),
                a.failures() + b.failures());
    }
}
