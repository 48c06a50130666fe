package io.carpel.runtime.container;

import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.ResourceLimits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Lays new limits over those in force: what the change leaves out stays as it is.
final class LimitChange {
    private LimitChange() {}

    /// @param swapApart whether the kernel limits swap apart from memory, as version 2 does
    static ResourceLimits over(ResourceLimits now, ResourceLimits change, boolean swapApart) {
        Map<String, String> unified = new LinkedHashMap<>(now.unified());
        unified.putAll(change.unified());
        return new ResourceLimits(
                pick(change.cpuPeriod(), now.cpuPeriod()),
                pick(change.cpuQuota(), now.cpuQuota()),
                pick(change.cpuShares(), now.cpuShares()),
                pick(change.memoryLimit(), now.memoryLimit()),
                swap(now, change, swapApart),
                // Processes have it from their start; whoever looks must not see one they do not
                // have.
                now.oomScoreAdj(),
                pick(change.pidsLimit(), now.pidsLimit()),
                change.cpusetCpus().isEmpty() ? now.cpusetCpus() : change.cpusetCpus(),
                change.cpusetMems().isEmpty() ? now.cpusetMems() : change.cpusetMems(),
                hugepages(now.hugepages(), change.hugepages()),
                unified);
    }

    /// The sum of memory and swap that follows when memory alone is changed. Version 1 keeps the
    /// sum and lets it grow with memory, version 2 keeps the swap.
    private static long swap(ResourceLimits now, ResourceLimits change, boolean swapApart) {
        long memory = change.memoryLimit();
        if (change.memorySwapLimit() != 0 || memory == 0 || now.memorySwapLimit() <= 0) {
            return pick(change.memorySwapLimit(), now.memorySwapLimit());
        }
        if (!swapApart) {
            return memory < 0 ? -1 : Math.max(now.memorySwapLimit(), memory);
        }
        // Some swap beside memory without bounds has no sum.
        return memory < 0 || now.memoryLimit() <= 0
                ? 0
                : memory + now.memorySwapLimit() - now.memoryLimit();
    }

    /// Each size by itself.
    private static List<HugepageLimit> hugepages(
            List<HugepageLimit> now, List<HugepageLimit> change) {
        Map<String, HugepageLimit> sizes = new LinkedHashMap<>();
        now.forEach(limit -> sizes.put(limit.pageSize(), limit));
        change.forEach(limit -> sizes.put(limit.pageSize(), limit));
        return List.copyOf(sizes.values());
    }

    private static long pick(long change, long now) {
        return change == 0 ? now : change;
    }
}
