package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files of version 2 in a plain directory: what is written where, and taken back.
class V2CgroupTest {
    @TempDir Path directory;

    private V2Cgroup group;

    @BeforeEach
    void files() throws IOException {
        file("cgroup.controllers", "cpuset cpu io memory hugetlb pids");
        file("cpu.max", "max 100000");
        file("cpu.weight", "100");
        file(
                "cpu.stat",
                "usage_usec 12\nuser_usec 7\nsystem_usec 5\nnr_periods 3\n"
                        + "nr_throttled 2\nthrottled_usec 9");
        file(
                "cpu.pressure",
                "some avg10=1.50 avg60=0.00 avg300=0.25 total=4\n"
                        + "full avg10=0.00 avg60=0.00 avg300=0.00 total=1");
        file("memory.max", "max");
        file("memory.swap.max", "max");
        file("memory.current", "5000");
        file("memory.stat", "anon 3000\nfile 1500\ninactive_file 1000\npgfault 8");
        file("memory.events", "low 0\nmax 6\noom 2\noom_kill 1");
        file("memory.oom.group", "0");
        file("pids.max", "max");
        file("pids.current", "4");
        file("cpuset.cpus", "");
        file("cpuset.mems", "");
        file("hugetlb.2MB.max", "max");
        file("hugetlb.2MB.rsvd.max", "max");
        file("hugetlb.2MB.current", "0");
        file("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0");
        group =
                new V2Cgroup(
                        "/a/b",
                        new CgroupDir(directory),
                        new ControllerSet(
                                List.of(
                                        new CpusetController(),
                                        new CpuController(),
                                        new CpuacctController(),
                                        new MemoryController(),
                                        new PidsController(),
                                        new HugetlbController(),
                                        new BlkioController()),
                                Set.of("cpu", "memory")),
                        _ -> {},
                        () -> {});
    }

    private void file(String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content);
    }

    /// A plain file keeps the tail of a longer old value; the kernel's do not.
    private String written(String name) throws IOException {
        return Files.readString(directory.resolve(name));
    }

    private static ResourceLimits memory(long limit, long swap, Map<String, String> unified) {
        return new ResourceLimits(0, 0, 0, limit, swap, 0, 0, "", "", List.of(), unified);
    }

    @Test
    void translatesEveryLimit() throws IOException {
        group.update(
                new ResourceLimits(
                        250_000,
                        -1,
                        1024,
                        1_000_000,
                        1_500_000,
                        0,
                        -1,
                        "0-1",
                        "0",
                        List.of(new HugepageLimit("2MB", 4_194_304)),
                        Map.of("memory.oom.group", "1")));
        assertThat(written("cpu.max")).isEqualTo("max 250000");
        assertThat(written("cpu.weight")).isEqualTo("100");
        assertThat(written("memory.max")).isEqualTo("1000000");
        assertThat(written("memory.swap.max")).isEqualTo("500000");
        assertThat(written("pids.max")).isEqualTo("max");
        assertThat(written("cpuset.cpus")).isEqualTo("0-1");
        assertThat(written("hugetlb.2MB.max")).isEqualTo("4194304");
        assertThat(written("hugetlb.2MB.rsvd.max")).isEqualTo("4194304");
        assertThat(written("memory.oom.group")).isEqualTo("1");
    }

    @Test
    void takesTheRestBackWhenOneIsRefused() throws IOException {
        Files.delete(directory.resolve("pids.max"));
        assertThatThrownBy(() ->
                        group.update(
                                new ResourceLimits(
                                        0, 0, 2, 900_000, 0, 0, 7, "1", "", List.of(), Map.of())))
                .hasMessageContaining("pids.max");
        assertThat(written("memory.max")).startsWith("max");
        assertThat(written("cpu.weight")).startsWith("100");
    }

    @Test
    void takesBackWhatWasWrittenForADeviceAlone() throws IOException {
        file("io.max", "");
        file("io.weight", "default 100\n8:16 50");
        file("memory.high", "max");
        // Written after the others, and refused by a file that cannot be opened.
        Files.delete(directory.resolve("memory.oom.group"));
        Files.createDirectory(directory.resolve("memory.oom.group"));
        for (var io :
                Map.of(
                                Map.of("io.max", "8:0 rbps=1000"),
                                "8:0 rbps=max wbps=max riops=max wiops=max",
                                Map.of("io.weight", "8:0 70"),
                                "8:0 default",
                                Map.of("io.weight", "8:16 70"),
                                "8:16 50",
                                Map.of("io.weight", "default 70"),
                                "default 100",
                                Map.of("io.weight", "70"),
                                "default 100")
                        .entrySet()) {
            var unified = new HashMap<>(io.getKey());
            String name = unified.keySet().iterator().next();
            unified.put("memory.oom.group", "1");
            assertThatThrownBy(() -> group.update(memory(0, 0, unified)))
                    .hasMessageContaining("memory.oom.group");
            assertThat(written(name)).as(io.toString()).startsWith(io.getValue());
            file("io.max", "");
            file("io.weight", "default 100\n8:16 50");
        }
    }

    @Test
    void aChangeCanBeTakenBackLater() throws IOException {
        Cgroup.Change change = group.update(memory(900_000, 0, Map.of()));
        assertThat(written("memory.max")).isEqualTo("900000");
        change.undo(new IOException("for another reason"));
        assertThat(written("memory.max")).startsWith("max");
    }

    @Test
    void refusesBeforeAnythingIsWritten() throws IOException {
        for (var unified :
                List.of(
                        Map.of("cgroup.procs", "1"),
                        Map.of("../memory.max", "1"),
                        Map.of("memory.max/x", "1"),
                        Map.of("memory.nothing", "1"),
                        Map.of("rdma.max", "1"),
                        Map.of("memory.oom.group", "1\n2"))) {
            assertThatThrownBy(() -> group.update(memory(100, 0, unified)))
                    .as(unified.toString())
                    .isInstanceOf(InvalidArgumentException.class);
        }
        assertThatThrownBy(() -> group.update(memory(3999, 0, Map.of())))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("4000 bytes");
        assertThatThrownBy(() -> group.update(memory(9000, 8000, Map.of())))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> group.update(memory(0, 8000, Map.of())))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("without a memory limit");
        assertThat(written("memory.max")).isEqualTo("max");
    }

    @Test
    void aLimitThatWouldNotHoldIsRefusedAndOneTheHostLacksIsIgnored() throws IOException {
        file("cgroup.controllers", "cpu");
        assertThatThrownBy(() -> group.update(memory(9000, 0, Map.of())))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("/a/b has no controller memory");
        group.update(new ResourceLimits(0, 0, 0, 0, 0, 0, 7, "", "", List.of(), Map.of()));
        assertThat(written("pids.max")).isEqualTo("max");
        group.update(ResourceLimits.none());
    }

    @Test
    void readsWhatTheKernelCounts() throws IOException {
        CgroupStats stats = group.stats();
        assertThat(stats.cpu()).contains(new CgroupStats.Cpu(12_000, 7_000, 5_000, 3, 2, 9_000));
        assertThat(stats.memory().orElseThrow())
                .satisfies(memory -> {
                    assertThat(memory.workingSet()).isEqualTo(4000);
                    assertThat(memory.rss()).isEqualTo(3000);
                    assertThat(memory.limit()).isEmpty();
                    assertThat(memory.failures()).isEqualTo(6);
                });
        assertThat(stats.pids().orElseThrow().current()).isEqualTo(4);
        assertThat(stats.io()).containsExactly(new CgroupStats.BlockIo(8, 0, 10, 20, 1, 2));
        assertThat(stats.cpuPressure().orElseThrow().some())
                .isEqualTo(new CgroupStats.Stall(1.5, 0, 0.25, 4000));
        assertThat(stats.hugetlb()).hasSize(1);
        assertThat(group.oomKills()).isEqualTo(1);
    }

    @Test
    void readsLessWhenAskedForLess() throws IOException {
        CgroupStats stats = group.stats(StatsDetail.USAGE);
        assertThat(stats.cpu().orElseThrow().usage()).isEqualTo(12_000);
        assertThat(stats.memory().orElseThrow().workingSet()).isEqualTo(4000);
        assertThat(stats.memory().orElseThrow().failures()).isZero();
        assertThat(stats.pids().orElseThrow().current()).isEqualTo(4);
        assertThat(stats.cpuPressure()).isPresent();
        assertThat(stats.io()).isEmpty();
        assertThat(stats.hugetlb()).isEmpty();
    }

    @Test
    void weightsFollowTheLogarithm() {
        assertThat(CpuController.weight(2)).isEqualTo(1);
        assertThat(CpuController.weight(1024)).isEqualTo(100);
        assertThat(CpuController.weight(262_144)).isEqualTo(10_000);
        assertThat(CpuController.weight(1_000_000)).isEqualTo(10_000);
        long last = 0;
        for (long shares = 2; shares < 262_144; shares = shares * 5 / 4 + 1) {
            assertThat(CpuController.weight(shares)).isBetween(Math.max(1, last), 10_000L);
            last = CpuController.weight(shares);
        }
    }

    @Test
    void pathsAreNamesAndNothingElse() {
        assertThat(CgroupPaths.components("parent", "/kubepods//burstable/"))
                .containsExactly("kubepods", "burstable");
        for (String bad : List.of("relative", "/a/../b", "/a/.", "/a b", "/a\n", "/cpu.max")) {
            assertThatThrownBy(() -> CgroupPaths.components("parent", bad))
                    .as(bad)
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("parent");
        }
    }

    @Test
    void findsTheMounts() throws IOException {
        CgroupMounts hybrid =
                CgroupMounts.parse(
                        List.of(
                                "30 25 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
                                "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup"
                                        + " cgroup rw,cpu,cpuacct",
                                "32 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup"
                                        + " rw,xattr,name=systemd",
                                "33 30 0:30 / " + directory + " rw - cgroup2 cgroup2 rw"));
        assertThat(hybrid.mode()).isEqualTo(CgroupMode.HYBRID);
        assertThat(hybrid.v1()).containsKeys("cpu", "cpuacct", "name=systemd").hasSize(3);
        assertThat(hybrid.v1Roots()).hasSize(2);
        assertThat(hybrid.v2Controllers()).contains("memory", "pids");
        CgroupMounts v2 =
                CgroupMounts.parse(List.of("33 30 0:30 / " + directory + " rw - cgroup2 x rw"));
        assertThat(v2.mode()).isEqualTo(CgroupMode.V2);
        assertThatThrownBy(() -> CgroupMounts.parse(List.of())).hasMessageContaining("mount");
    }
}
