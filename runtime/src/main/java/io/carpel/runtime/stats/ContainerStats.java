package io.carpel.runtime.stats;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What one container, or one sandbox as a whole, uses. A part is empty where the host does not
/// count it.
///
/// @param id of the container or sandbox
public record ContainerStats(
        String id,
        Instant at,
        Optional<Cpu> cpu,
        Optional<Memory> memory,
        Optional<Long> processes,
        List<DeviceIo> io,
        Optional<Pressure> cpuPressure,
        Optional<Pressure> memoryPressure,
        Optional<Pressure> ioPressure) {
    public ContainerStats {
        io = List.copyOf(io);
    }

    /// Times in nanoseconds so far.
    ///
    /// @param throttledPeriods in how many of `periods` it had to wait for its quota
    public record Cpu(
            long usage,
            long user,
            long system,
            long periods,
            long throttledPeriods,
            long throttledTime) {}

    /// Bytes and counts.
    ///
    /// @param usage everything charged, page cache included
    /// @param workingSet usage without inactive file pages
    /// @param rss anonymous memory
    /// @param limit empty when there is none
    /// @param swap empty when swap is not accounted
    /// @param failures how often the limit was hit
    public record Memory(
            long usage,
            long workingSet,
            long rss,
            long cache,
            long mappedFile,
            long kernel,
            Optional<Long> limit,
            Optional<Long> swap,
            Optional<Long> peak,
            long pageFaults,
            long majorPageFaults,
            long failures) {
        /// What is left below the limit; empty without one.
        public Optional<Long> available() {
            return limit.map(l -> Math.max(0, l - workingSet));
        }
    }

    /// What went to and came from one block device.
    public record DeviceIo(
            int major, int minor, long readBytes, long writeBytes, long reads, long writes) {}

    /// How long tasks waited for a resource: some of them, or all.
    public record Pressure(Stall some, Stall full) {}

    /// @param average10 percent of the last 10 seconds
    /// @param total nanoseconds so far
    public record Stall(double average10, double average60, double average300, long total) {}
}
