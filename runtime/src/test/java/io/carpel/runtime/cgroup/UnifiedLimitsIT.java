package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.linux.LinuxBpfCalls;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Limits where version 2 stands alone, as processes feel them.
class UnifiedLimitsIT {
    private static final long MIB = 1L << 20;

    /// Emulated machines need it.
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String parent = "/carpel-it-" + UUID.randomUUID().toString().substring(0, 8);
    private final GroupProcesses processes = new GroupProcesses();
    private Path root = Path.of("/");
    private CgroupManager cgroups;

    @BeforeEach
    void open() throws IOException {
        CgroupMounts mounts = CgroupMounts.ofHost();
        assumeTrue(mounts.mode() == CgroupMode.V2, "version 2 has the controllers here");
        root = mounts.v2().orElseThrow();
        cgroups =
                CgroupManager.open(
                        new CgroupConfig(CgroupDriver.CGROUPFS, parent), new LinuxBpfCalls());
    }

    @AfterEach
    void nothingLeft() {
        processes.close();
        if (cgroups != null) {
            for (String child : cgroups.children(parent)) {
                cgroups.reopen(child).remove();
            }
            cgroups.close();
            assertThat(root.resolve(parent.substring(1))).doesNotExist();
        }
    }

    private Cgroup group(ResourceLimits limits) {
        return cgroups.create("", "one", limits, DeviceRules.defaults());
    }

    private static CgroupDir dir(Cgroup group) {
        return new CgroupDir(group.v2Dir().orElseThrow());
    }

    private static ResourceLimits memory(long limit, long swap, Map<String, String> unified) {
        return new ResourceLimits(0, 0, 0, limit, swap, 0, 0, "", "", List.of(), unified);
    }

    private static ResourceLimits others(long pids, String cpus, String mems) {
        return new ResourceLimits(0, 0, 0, 0, 0, 0, pids, cpus, mems, List.of(), Map.of());
    }

    @Test
    void noMoreTasksThanAllowed() throws Exception {
        Cgroup group = group(others(3, "", ""));
        String output =
                processes.output(group, "(exec sleep 0 >&-) & (exec sleep 0) & (:) & (:) & wait");
        assertThat(dir(group).keyed("pids.events", "max")).as(output).isPositive();
        group.update(others(-1, "", ""));
        assertThat(dir(group).read("pids.max")).isEqualTo("max");
    }

    @Test
    void processorsAndMemoryNodesAreBound() throws Exception {
        Cgroup group = group(others(0, "0", "0"));
        assertThat(dir(group).read("cpuset.cpus.effective")).isEqualTo("0");
        assertThat(dir(group).read("cpuset.mems.effective")).isEqualTo("0");
        assertThat(processes.output(group, "grep Cpus_allowed_list: /proc/self/status"))
                .endsWith("\t0");
    }

    @Test
    void aFailedUpdateClearsAListThatWasEmpty() throws Exception {
        Cgroup group = group(ResourceLimits.none());
        var bad =
                new ResourceLimits(
                        0, 0, 0, 0, 0, 0, 0, "0", "", List.of(), Map.of("memory.high", "much"));
        assertThatThrownBy(() -> group.update(bad))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("memory.high")
                .hasMessageContaining("much");
        assertThat(dir(group).read("cpuset.cpus")).isEmpty();
    }

    @Test
    void swapIsWhatTheSumLeaves() throws Exception {
        Cgroup group = group(memory(64 * MIB, 64 * MIB, Map.of()));
        assumeTrue(dir(group).has("memory.swap.max"), "no swap accounting in this kernel");
        assertThat(dir(group).read("memory.swap.max")).isEqualTo("0");
        group.update(memory(64 * MIB, 96 * MIB, Map.of()));
        assertThat(dir(group).read("memory.swap.max")).isEqualTo(Long.toString(32 * MIB));
        assertThat(group.stats().memory().orElseThrow().limit()).contains(64 * MIB);
        group.update(memory(-1, -1, Map.of()));
        assertThat(dir(group).read("memory.swap.max")).isEqualTo("max");
        assertThat(dir(group).read("memory.max")).isEqualTo("max");
    }

    @Test
    void unifiedSettingsReachTheKernel() throws Exception {
        Cgroup group =
                group(
                        memory(
                                24 * MIB,
                                24 * MIB,
                                Map.of("memory.oom.group", "1", "memory.low", "4096")));
        assertThat(dir(group).read("memory.low")).isEqualTo("4096");
        // The group dies as one: not only the process that took the memory.
        Process bystander = processes.start(group, "exec sleep 1000");
        assertThat(CgroupRemover.await(PATIENCE, () -> !group.pids().isEmpty())).isTrue();
        Process eater = processes.start(group, "exec tail /dev/zero");
        assertThat(eater.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(bystander.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(bystander.exitValue()).isEqualTo(137);
        assertThat(CgroupRemover.await(PATIENCE, () -> group.oomKills() >= 2)).isTrue();
    }

    @Test
    void anExecsMemoryCountsForItsContainer() throws Exception {
        Cgroup group = group(memory(16 * MIB, 16 * MIB, Map.of()));
        Process exec = processes.start(group.child("exec-1"), "exec tail /dev/zero");
        assertThat(exec.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(exec.exitValue()).isEqualTo(137);
        assertThat(group.oomKills()).isEqualTo(1);
    }

    @Test
    void controllersReachGroupsFarBelow() {
        String deep = parent + "/burstable/pod-one";
        Cgroup group =
                cgroups.create(deep, "leaf", memory(64 * MIB, 0, Map.of()), DeviceRules.defaults());
        assertThat(dir(group).has("cpu.max")).isTrue();
        assertThat(dir(group).has("pids.max")).isTrue();
        group.remove();
        assertThat(root.resolve(deep.substring(1))).doesNotExist();
    }

    @Test
    void aLimitBelowAParentWithProcessesIsRefused() throws Exception {
        Path busy = Files.createDirectory(root.resolve(parent.substring(1) + "-busy"));
        Cgroup observed = cgroups.reopen(parent + "-busy/any");
        try {
            Process inside = inhabit(busy);
            assertThatThrownBy(() ->
                            cgroups.create(
                                    parent + "-busy",
                                    "leaf",
                                    memory(64 * MIB, 0, Map.of()),
                                    DeviceRules.defaults()))
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessageContaining("no controller memory")
                    .hasMessageContaining("holds processes");
            assertThat(cgroups.children(parent + "-busy")).isEmpty();
            assertThat(inside.isAlive()).isTrue();
            Cgroup unlimited =
                    cgroups.create(
                            parent + "-busy",
                            "leaf",
                            ResourceLimits.none(),
                            DeviceRules.defaults());
            assertThat(processes.output(unlimited, "echo ran")).isEqualTo("ran");
            unlimited.remove();
        } finally {
            processes.close();
            observed.remove();
            CgroupRemover.remove(new CgroupDir(busy));
        }
    }

    private Process inhabit(Path busy) throws IOException {
        var pretended =
                new V2Cgroup(
                        "/busy",
                        new CgroupDir(busy),
                        ControllerSet.NONE,
                        ProcessKiller.ofHost(),
                        () -> {});
        Process process = processes.start(pretended, "exec sleep 1000");
        assertThat(CgroupRemover.await(PATIENCE, () -> !pretended.pids().isEmpty())).isTrue();
        return process;
    }

    @Test
    void aDiskMayBeNamedButNotOpened() throws Exception {
        String disk = aDisk();
        String script =
                "n=/var/tmp/carpel-it-$$; mknod $n b %s && echo made; head -c 1 $n | wc -c; rm $n"
                        .formatted(disk);
        Cgroup held = group(ResourceLimits.none());
        assertThat(processes.output(held, script)).startsWith("made").contains("not permitted");
        Cgroup free = cgroups.create("", "two", ResourceLimits.none(), DeviceRules.allowAll());
        assertThat(processes.output(free, script)).isEqualTo("made\n1");
    }

    /// Major and minor of a disk of this machine.
    private static String aDisk() throws IOException {
        // "   254        0   12582912 vda"
        List<String> lines = Files.readAllLines(Path.of("/proc/partitions"));
        assumeTrue(lines.size() > 2, "no disk");
        String[] fields = lines.get(2).strip().split("\\s+", -1);
        return fields[0] + " " + fields[1];
    }
}
