package io.carpel.runtime.spec;

import java.util.List;
import java.util.Map;

/// Limits of one container; 0 or empty leaves a setting alone.
///
/// @param cpuPeriod microseconds
/// @param cpuQuota microseconds in each period; −1 is no limit
/// @param cpuShares cgroup v1 shares, 2…262144
/// @param memoryLimit bytes; −1 is no limit
/// @param memorySwapLimit bytes of memory and swap together; −1 is no limit
/// @param oomScoreAdj −1000…1000
/// @param pidsLimit number of tasks; −1 is no limit
/// @param unified cgroup v2 files written verbatim after the rest
public record ResourceLimits(
        long cpuPeriod,
        long cpuQuota,
        long cpuShares,
        long memoryLimit,
        long memorySwapLimit,
        long oomScoreAdj,
        long pidsLimit,
        String cpusetCpus,
        String cpusetMems,
        List<HugepageLimit> hugepages,
        Map<String, String> unified) {
    public ResourceLimits {
        hugepages = List.copyOf(hugepages);
        unified = Map.copyOf(unified);
    }

    /// Nothing limited.
    public static ResourceLimits none() {
        return new ResourceLimits(0, 0, 0, 0, 0, 0, 0, "", "", List.of(), Map.of());
    }
}
