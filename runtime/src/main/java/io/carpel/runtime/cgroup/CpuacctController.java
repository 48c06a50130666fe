package io.carpel.runtime.cgroup;

import java.io.IOException;

/// Processor time used, on version 1; version 2 counts without a controller.
final class CpuacctController implements Controller {
    @Override
    public String v1Name() {
        return "cpuacct";
    }

    @Override
    public String v2Name() {
        return "";
    }

    @Override
    public void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {
        stats.cpuTime(
                dir.number("cpuacct.usage").orElse(0),
                stats.detail(dir, "cpuacct.usage_user"),
                stats.detail(dir, "cpuacct.usage_sys"));
    }
}
