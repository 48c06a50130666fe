package io.carpel.runtime.stats;

import io.carpel.runtime.cgroup.CgroupStats;

/// What this host counts for a container at all. It does not change while the host runs.
///
/// @param pressure whether cgroups tell how long tasks waited (version 2, with psi)
/// @param hugepages whether huge pages are counted
/// @param swap whether swap is counted
/// @param memoryPeak whether the highest memory usage is remembered (version 2 since 5.19)
public record Countable(boolean pressure, boolean hugepages, boolean swap, boolean memoryPeak) {
    /// What a group with all our controllers shows.
    static Countable of(CgroupStats sample) {
        return new Countable(
                sample.cpuPressure().isPresent()
                        || sample.memoryPressure().isPresent()
                        || sample.ioPressure().isPresent(),
                !sample.hugetlb().isEmpty(),
                sample.memory().flatMap(CgroupStats.Memory::swap).isPresent(),
                sample.memory().flatMap(CgroupStats.Memory::peak).isPresent());
    }
}
