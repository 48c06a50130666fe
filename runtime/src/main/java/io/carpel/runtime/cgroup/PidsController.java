package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// How many tasks there may be; the files are the same on both versions.
final class PidsController implements Controller {
    @Override
    public String v1Name() {
        return "pids";
    }

    @Override
    public String v2Name() {
        return "pids";
    }

    @Override
    public boolean holds(ResourceLimits limits) {
        return limits.pidsLimit() > 0;
    }

    @Override
    public void limitV1(CgroupDir dir, ResourceLimits limits, Settings settings) {
        set(dir, limits, settings);
    }

    @Override
    public void limitV2(CgroupDir dir, ResourceLimits limits, Settings settings) {
        set(dir, limits, settings);
    }

    private static void set(CgroupDir dir, ResourceLimits limits, Settings settings) {
        if (limits.pidsLimit() < -1) {
            throw new InvalidArgumentException(
                    "pids limit %d is neither -1 nor positive".formatted(limits.pidsLimit()));
        }
        if (limits.pidsLimit() != 0) {
            settings.write(dir, "pids.max", Controller.orMax(limits.pidsLimit()));
        }
    }

    @Override
    public void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {
        read(dir, stats);
    }

    @Override
    public void readV2(CgroupDir dir, StatsBuilder stats) throws IOException {
        read(dir, stats);
    }

    private static void read(CgroupDir dir, StatsBuilder stats) throws IOException {
        OptionalLong current = dir.number("pids.current");
        if (current.isPresent()) {
            stats.pids =
                    Optional.of(
                            new CgroupStats.Pids(
                                    current.getAsLong(),
                                    StatsBuilder.boxed(stats.optional(dir, "pids.max"))));
        }
    }
}
