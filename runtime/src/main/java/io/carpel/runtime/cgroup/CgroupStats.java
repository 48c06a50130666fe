package io.carpel.runtime.cgroup;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a group has used, read at one moment. A part is empty where the host does not count it.
///
/// @param at when it was read
public record CgroupStats(
        Instant at,
        Optional<Cpu> cpu,
        Optional<Memory> memory,
        Optional<Pids> pids,
        List<BlockIo> io,
        List<Hugetlb> hugetlb,
        Optional<Pressure> cpuPressure,
        Optional<Pressure> memoryPressure,
        Optional<Pressure> ioPressure) {
    public CgroupStats {
        io = List.copyOf(io);
        hugetlb = List.copyOf(hugetlb);
    }

    /// Times in nanoseconds since the group was made.
    ///
    /// @param periods how many quota periods have passed
    /// @param throttledPeriods in how many of them the group had to wait
    public record Cpu(
            long usage,
            long user,
            long system,
            long periods,
            long throttledPeriods,
            long throttledTime) {}

    /// Sizes in bytes.
    ///
    /// @param usage everything charged, page cache included
    /// @param workingSet usage without inactive file pages; never negative
    /// @param limit the hard limit; empty when there is none
    /// @param rss anonymous memory
    /// @param cache file pages
    /// @param swap swap in use; empty when swap is not accounted
    /// @param swapLimit of swap alone; empty when there is none or swap is not accounted
    /// @param peak highest usage; empty where the kernel does not tell
    /// @param pageFaults of the group and all below it; `ownPageFaults` of it alone, where the
    ///   kernel tells the two apart
    /// @param failures how often the limit was hit
    public record Memory(
            long usage,
            long workingSet,
            Optional<Long> limit,
            long rss,
            long cache,
            long mappedFile,
            long kernel,
            Optional<Long> swap,
            Optional<Long> swapLimit,
            Optional<Long> peak,
            long pageFaults,
            long majorPageFaults,
            long ownPageFaults,
            long ownMajorPageFaults,
            long failures) {}

    /// @param limit empty when there is none
    public record Pids(long current, Optional<Long> limit) {}

    /// Bytes and operations on one block device.
    public record BlockIo(
            int major, int minor, long readBytes, long writeBytes, long reads, long writes) {}

    /// @param pageSize as the kernel writes it, such as `2MB`
    /// @param failures how often the limit was hit
    public record Hugetlb(String pageSize, long usage, Optional<Long> peak, long failures) {}

    /// Pressure stall information: how long tasks waited for a resource.
    ///
    /// @param some at least one task waited
    /// @param full all tasks waited
    public record Pressure(Stall some, Stall full) {}

    /// @param average10 percent of the last 10 seconds
    /// @param average60 percent of the last minute
    /// @param average300 percent of the last five minutes
    /// @param total nanoseconds since the group was made
    public record Stall(double average10, double average60, double average300, long total) {}
}
