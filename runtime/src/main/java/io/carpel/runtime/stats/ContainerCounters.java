package io.carpel.runtime.stats;

import io.carpel.runtime.container.Container;
import java.util.List;
import java.util.Optional;

/// All that is counted of one container, for monitoring.
///
/// @param taskLimit how many tasks it may have; empty when there is no limit
/// @param ownFaults page faults of its own cgroup, those of groups that it made below left out
/// @param oomKills how many of its processes the kernel killed for want of memory
/// @param processes empty while they are counted for the first time, or when it has none
public record ContainerCounters(
        Container container,
        ContainerStats usage,
        Optional<Long> taskLimit,
        Faults ownFaults,
        List<Hugepages> hugepages,
        long oomKills,
        Optional<ProcessCounts> processes) {
    public ContainerCounters {
        hugepages = List.copyOf(hugepages);
    }

    /// Page faults so far.
    ///
    /// @param major of all, the ones that had to read from a disk
    public record Faults(long all, long major) {}
}
