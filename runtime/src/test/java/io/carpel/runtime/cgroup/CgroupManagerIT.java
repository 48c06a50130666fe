package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.linux.LinuxBpfCalls;
import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Real groups on this host, whichever version it has.
class CgroupManagerIT {
    private static final long MIB = 1L << 20;

    private final String parent = "/carpel-it-" + UUID.randomUUID().toString().substring(0, 8);
    private final GroupProcesses processes = new GroupProcesses();
    private CgroupManager cgroups;

    @BeforeEach
    void open() {
        cgroups =
                CgroupManager.open(
                        new CgroupConfig(CgroupDriver.CGROUPFS, parent), new LinuxBpfCalls());
    }

    @AfterEach
    void nothingLeft() throws IOException {
        processes.close();
        for (String child : cgroups.children(parent)) {
            cgroups.reopen(child).remove();
        }
        cgroups.close();
        assertThat(directories()).isEmpty();
    }

    private List<Path> directories() throws IOException {
        CgroupMounts mounts = CgroupMounts.ofHost();
        var found = new ArrayList<Path>();
        for (Path root : mounts.v1Roots()) {
            found.add(root.resolve(parent.substring(1)));
        }
        mounts.v2().ifPresent(root -> found.add(root.resolve(parent.substring(1))));
        return found.stream().filter(Files::exists).toList();
    }

    private static Path v1Root(String controller) throws IOException {
        return Objects.requireNonNull(CgroupMounts.ofHost().v1().get(controller));
    }

    private static ResourceLimits memory(long limit) {
        return new ResourceLimits(0, 0, 0, limit, 0, 0, 0, "", "", List.of(), Map.of());
    }

    @Test
    void setsLimitsAndCounts() throws Exception {
        var limits =
                new ResourceLimits(
                        50_000, 25_000, 512, 64 * MIB, 0, 0, 40, "0", "0", List.of(), Map.of());
        Cgroup group = cgroups.create("", "one", limits, DeviceRules.defaults());
        Process process =
                processes.start(group, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; cat");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> !group.pids().isEmpty()))
                .isTrue();
        assertThat(group.pids()).contains((int) process.pid());
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> usage(group) > 1_000_000))
                .isTrue();
        // The kernel charges pages in batches; those from before the move stay where they were.
        assertThat(CgroupRemover.await(Duration.ofSeconds(60), () -> memoryUsage(group) > 0))
                .isTrue();
        CgroupStats stats = group.stats();
        assertThat(stats.memory().orElseThrow().limit()).contains(64 * MIB);
        assertThat(stats.pids().orElseThrow().limit()).contains(40L);
        assertThat(stats.pids().orElseThrow().current()).isEqualTo(1);
        CgroupStats often = group.stats(StatsDetail.USAGE);
        assertThat(often.cpu().orElseThrow().usage()).isGreaterThan(1_000_000);
        assertThat(often.memory().orElseThrow().usage()).isPositive();
        assertThat(often.memory().orElseThrow().limit()).contains(64 * MIB);
        assertThat(often.pids().orElseThrow().current()).isEqualTo(1);
        assertThat(often.pids().orElseThrow().limit()).isEmpty();
        if (cgroups.mode() != CgroupMode.V2) {
            CgroupDir cpu = new CgroupDir(v1Root("cpu")).child(parent.substring(1));
            assertThat(cpu.child("one").read("cpu.shares")).isEqualTo("512");
            assertThat(cpu.child("one").read("cpu.cfs_period_us")).isEqualTo("50000");
            assertThat(cpu.child("one").read("cpu.cfs_quota_us")).isEqualTo("25000");
        } else {
            CgroupDir dir = new CgroupDir(group.v2Dir().orElseThrow());
            assertThat(dir.read("cpu.max")).isEqualTo("25000 50000");
            assertThat(dir.read("cpu.weight")).isEqualTo(Long.toString(CpuController.weight(512)));
        }
    }

    private static long usage(Cgroup group) {
        try {
            return group.stats().cpu().map(CgroupStats.Cpu::usage).orElse(0L);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long memoryUsage(Cgroup group) {
        try {
            return group.stats().memory().map(CgroupStats.Memory::usage).orElse(0L);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void killsEverythingThatForksAndRemoves() throws Exception {
        Cgroup group = cgroups.create("", "two", ResourceLimits.none(), DeviceRules.allowAll());
        Process process =
                processes.start(
                        group,
                        "for i in 1 2 3 4 5 6 7 8; do (sleep 1000 & sleep 1000) & done; wait");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> group.pids().size() >= 17))
                .isTrue();
        group.killAll();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(137);
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> group.pids().isEmpty()))
                .isTrue();
        group.remove();
        group.remove();
        assertThat(cgroups.children(parent)).isEmpty();
    }

    /// In a group of its own making, which the freezer of version 1 keeps alive through any signal.
    @Test
    void removeKillsWhatHasFrozenItselfBelow() throws Exception {
        assumeTrue(cgroups.mode() != CgroupMode.V2, "version 2 kills what is frozen");
        Cgroup group = cgroups.create("", "ice", ResourceLimits.none(), DeviceRules.allowAll());
        Path below = v1Root("freezer").resolve(parent.substring(1)).resolve("ice/below");
        Process process =
                processes.start(
                        group,
                        "mkdir %1$s && echo 0 > %1$s/tasks && echo FROZEN > %1$s/freezer.state; cat"
                                .formatted(below));
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> isFrozen(below))).isTrue();
        assertThat(cgroups.find("ice")).contains(group.path());
        group.remove();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(137);
        assertThat(cgroups.find("ice")).isEmpty();
    }

    private static boolean isFrozen(Path freezer) {
        try {
            return Files.readString(freezer.resolve("freezer.state")).strip().equals("FROZEN");
        } catch (IOException _) {
            return false;
        }
    }

    /// As a container that has been given its group to manage can make them.
    @Test
    void threadedGroupsBelowDoNotHideTheOthersProcesses() throws Exception {
        Path unified =
                cgroups.mode() == CgroupMode.V2
                        ? Path.of("/sys/fs/cgroup")
                        : Path.of("/sys/fs/cgroup/unified");
        assumeTrue(Files.exists(unified.resolve("cgroup.procs")), "no unified hierarchy");
        CgroupDir top = new CgroupDir(unified.resolve(parent.substring(1) + "-threads"));
        CgroupDir threads = top.child("below");
        Files.createDirectory(top.path());
        try {
            Files.createDirectory(threads.path());
            threads.write("cgroup.type", "threaded");
            assertThat(CgroupTree.pids(top)).isEmpty();
        } finally {
            CgroupRemover.remove(top);
        }
    }

    @Test
    void removeKillsWhatIsLeft() throws Exception {
        Cgroup group = cgroups.create("", "three", ResourceLimits.none(), DeviceRules.defaults());
        Process process = processes.start(group, "sleep 1000");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> !group.pids().isEmpty()))
                .isTrue();
        group.remove();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void parentsThatWeMadeGoEvenAfterARestart() throws Exception {
        String made = parent + "-pods/burstable/pod1";
        String found = parent + "-found";
        for (Path root : roots()) {
            Files.createDirectory(root.resolve(found.substring(1)));
        }
        try {
            cgroups.create(made, "one", ResourceLimits.none(), DeviceRules.defaults());
            cgroups.create(found, "two", ResourceLimits.none(), DeviceRules.defaults());
            cgroups.close();
            open();
            cgroups.reopen(made + "/one").remove();
            cgroups.reopen(found + "/two").remove();
            for (Path root : roots()) {
                assertThat(root.resolve((parent + "-pods").substring(1))).doesNotExist();
                assertThat(root.resolve(found.substring(1))).isDirectory();
            }
        } finally {
            for (Path root : roots()) {
                Files.deleteIfExists(root.resolve(found.substring(1)));
            }
        }
    }

    private static List<Path> roots() throws IOException {
        CgroupMounts mounts = CgroupMounts.ofHost();
        var roots = new ArrayList<Path>(mounts.v1Roots());
        mounts.v2().filter(_ -> roots.isEmpty()).ifPresent(roots::add);
        return roots;
    }

    @Test
    void refusesAGroupInUse() throws Exception {
        Cgroup group = cgroups.create("", "four", ResourceLimits.none(), DeviceRules.defaults());
        processes.start(group, "sleep 1000");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> !group.pids().isEmpty()))
                .isTrue();
        int before = group.pids().size();
        assertThatThrownBy(() ->
                        cgroups.create("", "four", ResourceLimits.none(), DeviceRules.defaults()))
                .isInstanceOf(AlreadyExistsException.class)
                .hasMessageContaining("four");
        assertThat(group.pids()).hasSize(before);
    }

    @Test
    void takesAnUpdateBackWhole() throws Exception {
        Cgroup group = cgroups.create("", "five", memory(64 * MIB), DeviceRules.defaults());
        var bad =
                new ResourceLimits(
                        0,
                        0,
                        0,
                        32 * MIB,
                        0,
                        0,
                        0,
                        "",
                        "",
                        List.of(new HugepageLimit("3MB", 1)),
                        Map.of());
        if (cgroups.mode() == CgroupMode.V2) {
            assertThatThrownBy(() -> group.update(bad)).isInstanceOf(RuntimeException.class);
        } else {
            // A processor the machine does not have is refused by the kernel, after memory is set.
            var badCpu =
                    new ResourceLimits(10, 0, 700, 32 * MIB, 0, 0, 0, "", "", List.of(), Map.of());
            assertThatThrownBy(() -> group.update(badCpu))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("cfs_period_us");
            CgroupDir cpu = new CgroupDir(v1Root("cpu")).child(parent.substring(1));
            assertThat(cpu.child("five").read("cpu.shares")).isEqualTo("1024");
        }
        assertThat(group.stats().memory().orElseThrow().limit()).contains(64 * MIB);
        group.update(memory(32 * MIB));
        assertThat(group.stats().memory().orElseThrow().limit()).contains(32 * MIB);
        group.update(memory(-1));
        assertThat(group.stats().memory().orElseThrow().limit()).isEmpty();
    }

    @Test
    void failedCreateLeavesNothing() throws Exception {
        var bad = new ResourceLimits(0, 0, 0, 0, 0, 0, 0, "4095", "", List.of(), Map.of());
        assertThatThrownBy(() -> cgroups.create("", "six", bad, DeviceRules.defaults()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("4095");
        assertThat(cgroups.children(parent)).isEmpty();
    }

    @Test
    void countsOomKills() throws Exception {
        Cgroup group = cgroups.create("", "seven", memory(16 * MIB), DeviceRules.defaults());
        assertThat(group.oomKills()).isZero();
        // tail keeps what it reads until the end of input.
        Process process = processes.start(group, "tail /dev/zero");
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> group.oomKills() == 1))
                .isTrue();
    }

    @Test
    void freezesAndThaws() throws Exception {
        Cgroup group = cgroups.create("", "eight", ResourceLimits.none(), DeviceRules.defaults());
        Process process = processes.start(group, "while true; do echo x; done");
        assertThat(process.getInputStream().read()).isEqualTo('x');
        group.freeze();
        long usage = usage(group);
        assertThat(process.isAlive()).isTrue();
        assertThat(usage(group)).isEqualTo(usage);
        group.thaw();
        byte[] rest = process.getInputStream().readNBytes(200_000);
        assertThat(rest).hasSize(200_000);
        assertThat(usage(group)).isGreaterThan(usage);
    }

    @Test
    void deviceRulesHoldFromTheFirstInstruction() throws Exception {
        Cgroup group = cgroups.create("", "nine", ResourceLimits.none(), DeviceRules.defaults());
        Process process =
                processes.start(
                        group,
                        "head -c 1 /dev/zero | wc -c; head -c 1 /dev/kmsg; n=/var/tmp/carpel-it-$$;"
                                + " mknod $n c 1 11 && echo made; cat $n; rm $n");
        assertThat(GroupProcesses.output(process))
                .startsWith("1\n")
                .contains("not permitted")
                .contains("made");
    }

    @Test
    void anExecsGroupIsKilledAloneAndGoesWithIt() throws Exception {
        Cgroup group = cgroups.create("", "ten", ResourceLimits.none(), DeviceRules.defaults());
        Process main = processes.start(group, "sleep 1000");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> !group.pids().isEmpty()))
                .isTrue();
        Cgroup exec = group.child("exec-1");
        Process other = processes.start(exec, "sleep 1000 & sleep 1000");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> exec.pids().size() >= 2))
                .isTrue();
        exec.remove();
        assertThat(other.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(main.isAlive()).isTrue();
        assertThat(group.pids()).contains((int) main.pid());
    }

    /// As on a node whose kubelet starts: the first pods come at once, the last ones go at once.
    @Test
    void groupsOfManyPodsMakeAndRemoveTheirParentsTogether() throws Exception {
        List<Callable<Void>> pods = new ArrayList<>();
        for (int pod = 0; pod < 8; pod++) {
            String own = "%s/kubepods/besteffort/pod%d".formatted(parent, pod);
            pods.add(() -> {
                for (int round = 0; round < 40; round++) {
                    cgroups.create(own, "leaf", ResourceLimits.none(), DeviceRules.allowAll())
                            .remove();
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(pods.size())) {
            for (Future<Void> pod : threads.invokeAll(pods)) {
                pod.get();
            }
        }
        assertThat(cgroups.children(parent)).isEmpty();
    }

    @Test
    void aForeignParentStays() throws Exception {
        assumeTrue(cgroups.mode() != CgroupMode.V2, "v1 directories");
        Path memory = v1Root("memory");
        Path foreign = memory.resolve(parent.substring(1) + "-foreign");
        Files.createDirectory(foreign);
        try {
            String name = "/" + foreign.getFileName();
            Cgroup group =
                    cgroups.create(
                            name + "/made", "leaf", ResourceLimits.none(), DeviceRules.defaults());
            assertThat(cgroups.children(name)).containsExactly(name + "/made");
            group.remove();
            assertThat(foreign).exists();
            assertThat(cgroups.children(name)).isEmpty();
            Path pids = v1Root("pids");
            assertThat(pids.resolve(foreign.getFileName())).doesNotExist();
        } finally {
            Files.delete(foreign);
        }
    }
}
