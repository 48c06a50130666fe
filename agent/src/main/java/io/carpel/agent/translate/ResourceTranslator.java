package io.carpel.agent.translate;

import io.carpel.cri.LinuxContainerResources;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.ResourceLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Limits, both ways.
public final class ResourceTranslator {
    private static final Pattern CPU_LIST = Pattern.compile("[0-9,-]*");
    private static final Pattern PAGE_SIZE = Pattern.compile("[1-9][0-9]*(KB|MB|GB)");
    private static final Pattern CGROUP_FILE = Pattern.compile("[a-z0-9_]+(\\.[A-Za-z0-9_-]+)+");
    private static final int VALUE_LIMIT = 4_096;

    private ResourceTranslator() {}

    public static ResourceLimits toLimits(LinuxContainerResources wanted) {
        String prefix = "linux.resources.";
        notBelow(prefix + "cpu_period", wanted.getCpuPeriod(), 0);
        notBelow(prefix + "cpu_quota", wanted.getCpuQuota(), -1);
        notBelow(prefix + "cpu_shares", wanted.getCpuShares(), 0);
        notBelow(prefix + "memory_limit_in_bytes", wanted.getMemoryLimitInBytes(), -1);
        notBelow(prefix + "memory_swap_limit_in_bytes", wanted.getMemorySwapLimitInBytes(), -1);
        if (Math.abs(wanted.getOomScoreAdj()) > 1000) {
            throw Check.invalid(
                    prefix + "oom_score_adj", wanted.getOomScoreAdj(), "is not in -1000…1000");
        }
        checkSwap(prefix, wanted);
        return new ResourceLimits(
                wanted.getCpuPeriod(),
                wanted.getCpuQuota(),
                wanted.getCpuShares(),
                wanted.getMemoryLimitInBytes(),
                wanted.getMemorySwapLimitInBytes(),
                wanted.getOomScoreAdj(),
                0,
                cpuList(prefix + "cpuset_cpus", wanted.getCpusetCpus()),
                cpuList(prefix + "cpuset_mems", wanted.getCpusetMems()),
                hugepages(prefix + "hugepage_limits", wanted),
                unified(prefix + "unified", wanted.getUnifiedMap()));
    }

    private static void notBelow(String field, long value, long least) {
        if (value < least) {
            throw Check.invalid(field, value, "is less than " + least);
        }
    }

    private static void checkSwap(String prefix, LinuxContainerResources wanted) {
        long swap = wanted.getMemorySwapLimitInBytes();
        if (swap > 0 && wanted.getMemoryLimitInBytes() > swap) {
            throw Check.invalid(
                    prefix + "memory_swap_limit_in_bytes",
                    swap,
                    "counts memory and swap together and is less than memory_limit_in_bytes %d"
                            .formatted(wanted.getMemoryLimitInBytes()));
        }
    }

    private static String cpuList(String field, String value) {
        if (!CPU_LIST.matcher(value).matches()) {
            throw Check.invalid(field, value, "is not a list like 0-3,7");
        }
        return value;
    }

    private static List<HugepageLimit> hugepages(String field, LinuxContainerResources wanted) {
        Check.count(field, wanted.getHugepageLimitsCount(), Bounds.HUGEPAGE_SIZES);
        List<HugepageLimit> limits = new ArrayList<>();
        for (var limit : wanted.getHugepageLimitsList()) {
            if (!PAGE_SIZE.matcher(limit.getPageSize()).matches()) {
                throw Check.invalid(
                        field + ".page_size", limit.getPageSize(), "is not a size like 2MB");
            }
            // The protocol's number is unsigned: beyond 2^63 it reads as negative here.
            if (limit.getLimit() < 0) {
                throw Check.invalid(
                        field + ".limit",
                        Long.toUnsignedString(limit.getLimit()),
                        "is more than 9223372036854775807");
            }
            limits.add(new HugepageLimit(limit.getPageSize(), limit.getLimit()));
        }
        return limits;
    }

    private static Map<String, String> unified(String field, Map<String, String> values) {
        Check.count(field, values.size(), Bounds.UNIFIED_KEYS);
        values.forEach((key, value) -> {
            if (key.length() > Bounds.NAME_BYTES || !CGROUP_FILE.matcher(key).matches()) {
                throw Check.invalid(
                        field, key, "is not the name of a cgroup file like memory.high");
            }
            Check.text(field + "[" + key + "]", value);
            if (value.length() > VALUE_LIMIT) {
                throw new InvalidArgumentException(
                        "%s[%s] is longer than %d characters".formatted(field, key, VALUE_LIMIT));
            }
        });
        return values;
    }

    public static LinuxContainerResources toCri(ResourceLimits limits) {
        LinuxContainerResources.Builder resources =
                LinuxContainerResources.newBuilder()
                        .setCpuPeriod(limits.cpuPeriod())
                        .setCpuQuota(limits.cpuQuota())
                        .setCpuShares(limits.cpuShares())
                        .setMemoryLimitInBytes(limits.memoryLimit())
                        .setMemorySwapLimitInBytes(limits.memorySwapLimit())
                        .setOomScoreAdj(limits.oomScoreAdj())
                        .setCpusetCpus(limits.cpusetCpus())
                        .setCpusetMems(limits.cpusetMems())
                        .putAllUnified(limits.unified());
        for (HugepageLimit limit : limits.hugepages()) {
            resources.addHugepageLimits(
                    io.carpel.cri.HugepageLimit.newBuilder()
                            .setPageSize(limit.pageSize())
                            .setLimit(limit.bytes()));
        }
        return resources.build();
    }
}
