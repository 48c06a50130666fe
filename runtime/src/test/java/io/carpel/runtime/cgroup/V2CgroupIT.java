package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a version 2 group can do without any controller: kill, freeze, count time and pressure.
class V2CgroupIT {
    private Path directory = Path.of("/");

    private V2Cgroup group() {
        return new V2Cgroup(
                "/it",
                new CgroupDir(directory),
                new ControllerSet(
                        List.of(new CpuController(), new MemoryController(), new BlkioController()),
                        Set.of()),
                ProcessKiller.ofHost(),
                () -> {});
    }

    @BeforeEach
    void make() throws IOException {
        CgroupMounts mounts = CgroupMounts.ofHost();
        assumeTrue(mounts.v2().isPresent(), "no unified hierarchy is mounted");
        directory = mounts.v2().get().resolve("carpel-it-" + UUID.randomUUID());
        Files.createDirectory(directory);
    }

    @AfterEach
    void remove() {
        group().remove();
        assertThat(directory).doesNotExist();
    }

    private Process start(Path into, String script) throws IOException {
        return new ProcessBuilder(
                        "busybox",
                        "sh",
                        "-c",
                        "echo 0 > " + into.resolve("cgroup.procs") + "; " + script)
                .start();
    }

    @Test
    void killsChildrenToo() throws Exception {
        Cgroup child = group().child("exec");
        Process outer = start(directory, "sleep 1000");
        Process inner = start(child.v2Dir().orElseThrow(), "sleep 1000 & sleep 1000");
        assertThat(CgroupRemover.await(Duration.ofSeconds(10), () -> group().pids().size() >= 3))
                .isTrue();
        child.killAll();
        assertThat(inner.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(outer.isAlive()).isTrue();
        group().killAll();
        assertThat(outer.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void freezesAndCounts() throws Exception {
        Process process = start(directory, "while true; do echo x; done");
        try {
            assertThat(process.getInputStream().read()).isEqualTo('x');
            group().freeze();
            long usage = group().stats().cpu().orElseThrow().usage();
            assertThat(usage).isPositive();
            assertThat(group().stats().cpu().orElseThrow().usage()).isEqualTo(usage);
            group().thaw();
            assertThat(process.getInputStream().readNBytes(200_000)).hasSize(200_000);
            assertThat(group().stats().cpu().orElseThrow().usage()).isGreaterThan(usage);
            if (Files.exists(directory.resolve("cpu.pressure"))) {
                assertThat(group().stats().cpuPressure()).isPresent();
            }
        } finally {
            group().killAll();
        }
    }
}
