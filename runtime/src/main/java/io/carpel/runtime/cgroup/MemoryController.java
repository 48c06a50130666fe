package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// Memory and swap. Requests speak the language of version 1, where the swap limit counts memory
/// and swap together; version 2 limits swap alone.
final class MemoryController implements Controller {
    /// What v1 shows for "no limit": the largest multiple of any page size below 2^63.
    private static final long V1_UNLIMITED = 0x7fff_ffff_ffff_0000L;

    private static final String V1_LIMIT = "memory.limit_in_bytes";
    private static final String V1_SWAP_LIMIT = "memory.memsw.limit_in_bytes";
    private static final String V2_LIMIT = "memory.max";
    private static final String V2_SWAP_LIMIT = "memory.swap.max";

    @Override
    public String v1Name() {
        return "memory";
    }

    @Override
    public String v2Name() {
        return "memory";
    }

    @Override
    public boolean holds(ResourceLimits limits) {
        return limits.memoryLimit() > 0 || limits.memorySwapLimit() > 0;
    }

    @Override
    public void limitV1(CgroupDir dir, ResourceLimits limits, Settings settings)
            throws IOException {
        check(limits);
        long limit = limits.memoryLimit();
        if (limit == 0 && limits.memorySwapLimit() == 0) {
            return;
        }
        long swap = dir.has(V1_SWAP_LIMIT) ? limits.memorySwapLimit() : 0;
        if (swap == 0 && limit > 0 && settings.isUpdate() && dir.has(V1_SWAP_LIMIT)) {
            OptionalLong now = dir.number(V1_SWAP_LIMIT);
            if (now.isPresent() && now.getAsLong() < limit) {
                // The sum may not be less than the memory limit: it moves up with it.
                swap = limit;
            }
        }
        if (limit < 0 && swap == 0 && dir.has(V1_SWAP_LIMIT) && settings.isUpdate()) {
            swap = -1;
        }
        if (limit > 0 && settings.isUpdate()) {
            refuseBelowUsage(dir, limit, v1WorkingSet(dir));
        }
        long now = dir.number(V1_LIMIT).orElse(Long.MAX_VALUE);
        boolean grows = limit < 0 || limit > now;
        if (grows && swap != 0) {
            settings.write(dir, V1_SWAP_LIMIT, Long.toString(swap));
        }
        if (limit != 0) {
            settings.write(dir, V1_LIMIT, Long.toString(limit));
        }
        if (!grows && swap != 0) {
            settings.write(dir, V1_SWAP_LIMIT, Long.toString(swap));
        }
    }

    @Override
    public void limitV2(CgroupDir dir, ResourceLimits limits, Settings settings)
            throws IOException {
        check(limits);
        long limit = limits.memoryLimit();
        if (limit > 0 && settings.isUpdate()) {
            refuseBelowUsage(dir, limit, v2WorkingSet(dir));
        }
        if (limits.memorySwapLimit() != 0 && dir.has(V2_SWAP_LIMIT)) {
            settings.write(dir, V2_SWAP_LIMIT, swapAlone(dir, limits));
        }
        if (limit != 0) {
            settings.write(dir, V2_LIMIT, Controller.orMax(limit));
        }
    }

    /// Swap alone is the sum less the memory limit, the wanted one or else the one in force.
    private static String swapAlone(CgroupDir dir, ResourceLimits limits) throws IOException {
        if (limits.memorySwapLimit() < 0) {
            return "max";
        }
        long memory =
                limits.memoryLimit() != 0 ? limits.memoryLimit() : dir.number(V2_LIMIT).orElse(-1);
        if (memory < 0) {
            throw new InvalidArgumentException(
                    "memory+swap limit %d without a memory limit"
                            .formatted(limits.memorySwapLimit()));
        }
        if (limits.memorySwapLimit() < memory) {
            throw new InvalidArgumentException(
                    "memory+swap limit %d is below the memory limit %d"
                            .formatted(limits.memorySwapLimit(), memory));
        }
        return Long.toString(limits.memorySwapLimit() - memory);
    }

    private static void check(ResourceLimits limits) {
        long limit = limits.memoryLimit();
        long swap = limits.memorySwapLimit();
        if (limit < -1) {
            throw new InvalidArgumentException(
                    "memory limit %d is neither -1 nor positive".formatted(limit));
        }
        if (swap < -1) {
            throw new InvalidArgumentException(
                    "memory+swap limit %d is neither -1 nor positive".formatted(swap));
        }
        if (limit > 0 && swap > 0 && swap < limit) {
            throw new InvalidArgumentException(
                    "memory+swap limit %d is below the memory limit %d".formatted(swap, limit));
        }
        if (limit < 0 && swap > 0) {
            throw new InvalidArgumentException(
                    "memory+swap limit %d without a memory limit".formatted(swap));
        }
    }

    /// The kernel would answer a limit below what cannot be given back with the OOM killer.
    private static void refuseBelowUsage(CgroupDir dir, long limit, long workingSet) {
        if (workingSet > limit) {
            throw new FailedPreconditionException(
                    "memory limit %d is below the %d bytes that %s has in use"
                            .formatted(limit, workingSet, dir.path()));
        }
    }

    private static long v1WorkingSet(CgroupDir dir) throws IOException {
        long usage = dir.number("memory.usage_in_bytes").orElse(0);
        return Math.max(0, usage - dir.keyed("memory.stat", "total_inactive_file"));
    }

    private static long v2WorkingSet(CgroupDir dir) throws IOException {
        long usage = dir.number("memory.current").orElse(0);
        return Math.max(0, usage - dir.keyed("memory.stat", "inactive_file"));
    }

    @Override
    public void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {
        KeyedNumbers stat = KeyedNumbers.of(dir.readOr("memory.stat", ""));
        long usage = dir.number("memory.usage_in_bytes").orElse(0);
        boolean swapCounted = dir.has("memory.memsw.usage_in_bytes");
        Optional<Long> limit = v1Limit(dir, V1_LIMIT);
        Optional<Long> both = stats.all() ? v1Limit(dir, V1_SWAP_LIMIT) : Optional.empty();
        stats.memory =
                Optional.of(
                        new CgroupStats.Memory(
                                usage,
                                Math.max(0, usage - stat.get("total_inactive_file")),
                                limit,
                                stat.get("total_rss"),
                                stat.get("total_cache"),
                                stat.get("total_mapped_file"),
                                stats.detail(dir, "memory.kmem.usage_in_bytes"),
                                swapCounted
                                        ? Optional.of(stat.get("total_swap"))
                                        : Optional.empty(),
                                both.flatMap(sum -> limit.map(memory -> Math.max(0, sum - memory))),
                                StatsBuilder.boxed(
                                        stats.optional(dir, "memory.max_usage_in_bytes")),
                                stat.get("total_pgfault"),
                                stat.get("total_pgmajfault"),
                                stat.get("pgfault"),
                                stat.get("pgmajfault"),
                                stats.detail(dir, "memory.failcnt")));
    }

    private static Optional<Long> v1Limit(CgroupDir dir, String file) throws IOException {
        return StatsBuilder.boxed(dir.number(file)).filter(limit -> limit < V1_UNLIMITED);
    }

    @Override
    public void readV2(CgroupDir dir, StatsBuilder stats) throws IOException {
        stats.memoryPressure = PressureFile.read(dir, "memory.pressure");
        if (!dir.has("memory.current")) {
            return;
        }
        KeyedNumbers stat = KeyedNumbers.of(dir.readOr("memory.stat", ""));
        long usage = dir.number("memory.current").orElse(0);
        stats.memory =
                Optional.of(
                        new CgroupStats.Memory(
                                usage,
                                Math.max(0, usage - stat.get("inactive_file")),
                                StatsBuilder.boxed(dir.number(V2_LIMIT)),
                                stat.get("anon"),
                                stat.get("file"),
                                stat.get("file_mapped"),
                                stat.get("kernel"),
                                StatsBuilder.boxed(dir.number("memory.swap.current")),
                                StatsBuilder.boxed(stats.optional(dir, V2_SWAP_LIMIT)),
                                StatsBuilder.boxed(stats.optional(dir, "memory.peak")),
                                stat.get("pgfault"),
                                stat.get("pgmajfault"),
                                stat.get("pgfault"),
                                stat.get("pgmajfault"),
                                stats.all() ? dir.keyed("memory.events", "max") : 0));
    }

    /// How many processes the OOM killer took. Version 1 counts for the group alone, so groups
    /// below are added.
    static long oomKills(CgroupDir dir, boolean v2) throws IOException {
        if (v2) {
            return dir.keyed("memory.events", "oom_kill");
        }
        long kills = 0;
        for (CgroupDir each : CgroupTree.below(dir)) {
            kills += each.keyed("memory.oom_control", "oom_kill");
        }
        return kills;
    }
}
