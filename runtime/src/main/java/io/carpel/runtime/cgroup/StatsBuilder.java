package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Collects what the controllers read. For one thread and one reading.
final class StatsBuilder {
    Optional<CgroupStats.Memory> memory = Optional.empty();
    Optional<CgroupStats.Pids> pids = Optional.empty();
    Optional<CgroupStats.Pressure> cpuPressure = Optional.empty();
    Optional<CgroupStats.Pressure> memoryPressure = Optional.empty();
    Optional<CgroupStats.Pressure> ioPressure = Optional.empty();
    final List<CgroupStats.BlockIo> io = new ArrayList<>();
    final List<CgroupStats.Hugetlb> hugetlb = new ArrayList<>();

    private final boolean all;

    // Two controllers of version 1 share the processor's numbers.
    private boolean cpuSeen;
    private long usage;
    private long user;
    private long system;
    private long periods;
    private long throttledPeriods;
    private long throttledTime;

    StatsBuilder(StatsDetail detail) {
        this.all = detail == StatsDetail.ALL;
    }

    /// Whether more is wanted than [StatsDetail#USAGE].
    boolean all() {
        return all;
    }

    /// The number in the file if all is wanted; 0 without it.
    long detail(CgroupDir dir, String file) throws IOException {
        return all ? dir.number(file).orElse(0) : 0;
    }

    /// As [#detail]; empty where there is no such number.
    OptionalLong optional(CgroupDir dir, String file) throws IOException {
        return all ? dir.number(file) : OptionalLong.empty();
    }

    void cpuTime(long usage, long user, long system) {
        cpuSeen = true;
        this.usage = usage;
        this.user = user;
        this.system = system;
    }

    void throttling(long periods, long throttledPeriods, long throttledTime) {
        this.periods = periods;
        this.throttledPeriods = throttledPeriods;
        this.throttledTime = throttledTime;
    }

    static Optional<Long> boxed(OptionalLong value) {
        return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
    }

    CgroupStats build(Instant at) {
        var cpu =
                new CgroupStats.Cpu(usage, user, system, periods, throttledPeriods, throttledTime);
        return new CgroupStats(
                at,
                cpuSeen ? Optional.of(cpu) : Optional.empty(),
                memory,
                pids,
                io,
                hugetlb,
                cpuPressure,
                memoryPressure,
                ioPressure);
    }
}
