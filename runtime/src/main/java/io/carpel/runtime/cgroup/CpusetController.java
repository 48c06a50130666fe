package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.util.regex.Pattern;

/// Which processors and memory nodes may be used.
final class CpusetController implements Controller {
    // "List format" of cpuset(7).
    private static final Pattern LIST =
            Pattern.compile("\\d{1,5}(-\\d{1,5})?(,\\d{1,5}(-\\d{1,5})?)*");

    private static final String CPUS = "cpuset.cpus";
    private static final String MEMS = "cpuset.mems";

    @Override
    public String v1Name() {
        return "cpuset";
    }

    @Override
    public String v2Name() {
        return "cpuset";
    }

    /// A new v1 set is empty, and nothing can join an empty one: it starts with what its parent
    /// has. Sets that are filled already stay as they are.
    @Override
    public void adoptV1(CgroupDir parent, CgroupDir dir) throws IOException {
        for (String file : new String[] {CPUS, MEMS}) {
            if (dir.readOr(file, "-").isEmpty()) {
                dir.write(file, parent.read(file));
            }
        }
    }

    @Override
    public boolean holds(ResourceLimits limits) {
        return !limits.cpusetCpus().isEmpty() || !limits.cpusetMems().isEmpty();
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
        check("cpuset cpus", limits.cpusetCpus());
        check("cpuset mems", limits.cpusetMems());
        if (!limits.cpusetCpus().isEmpty()) {
            settings.write(dir, CPUS, limits.cpusetCpus());
        }
        if (!limits.cpusetMems().isEmpty()) {
            settings.write(dir, MEMS, limits.cpusetMems());
        }
    }

    private static void check(String field, String list) {
        if (!list.isEmpty() && !LIST.matcher(list).matches()) {
            throw new InvalidArgumentException(
                    "%s '%s' is not a list like 0-3,7".formatted(field, Printable.of(list)));
        }
    }
}
