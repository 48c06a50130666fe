package io.carpel.runtime.container;

import io.carpel.runtime.spec.ResourceLimits;
import java.util.LinkedHashMap;
import java.util.Map;

/// Lays new limits over those in force: what the change leaves out stays as it is.
final class LimitChange {
    private LimitChange() {}

    static ResourceLimits over(ResourceLimits now, ResourceLimits change) {
        Map<String, String> unified = new LinkedHashMap<>(now.unified());
        unified.putAll(change.unified());
        return new ResourceLimits(
                pick(change.cpuPeriod(), now.cpuPeriod()),
                pick(change.cpuQuota(), now.cpuQuota()),
                pick(change.cpuShares(), now.cpuShares()),
                pick(change.memoryLimit(), now.memoryLimit()),
                pick(change.memorySwapLimit(), now.memorySwapLimit()),
                // Processes have it from their start; whoever looks must not see one they do not
                // have.
                now.oomScoreAdj(),
                pick(change.pidsLimit(), now.pidsLimit()),
                change.cpusetCpus().isEmpty() ? now.cpusetCpus() : change.cpusetCpus(),
                change.cpusetMems().isEmpty() ? now.cpusetMems() : change.cpusetMems(),
                change.hugepages().isEmpty() ? now.hugepages() : change.hugepages(),
                unified);
    }

    private static long pick(long change, long now) {
        return change == 0 ? now : change;
    }
}
