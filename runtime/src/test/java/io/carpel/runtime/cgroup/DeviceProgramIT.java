package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.LinuxBpfCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The device program in the kernel's hands; a unified hierarchy without controllers is enough.
class DeviceProgramIT {
    private final LinuxBpfCalls bpf = new LinuxBpfCalls();
    private Path directory = Path.of("/");

    @BeforeEach
    void make() throws IOException {
        CgroupMounts mounts = CgroupMounts.ofHost();
        assumeTrue(mounts.v2().isPresent(), "no unified hierarchy is mounted");
        directory = mounts.v2().get().resolve("carpel-it-" + UUID.randomUUID());
        Files.createDirectory(directory);
    }

    @AfterEach
    void remove() {
        CgroupRemover.remove(new CgroupDir(directory));
    }

    private String run(String script) throws IOException {
        Process process =
                new ProcessBuilder(
                                "busybox",
                                "sh",
                                "-c",
                                "echo 0 > " + directory.resolve("cgroup.procs") + "; " + script)
                        .redirectErrorStream(true)
                        .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private void attach(DeviceRules rules) {
        try (var guard = new DeviceGuard(bpf)) {
            assertThat(guard.probe()).isEmpty();
            guard.attach(new CgroupDir(directory), rules);
        }
    }

    @Test
    void defaultsAllowWhatContainersNeedAndNoMore() throws IOException {
        attach(DeviceRules.defaults());
        assertThat(run("head -c 1 /dev/zero | wc -c")).isEqualTo("1");
        assertThat(run("echo x > /dev/null && echo written")).isEqualTo("written");
        assertThat(run("head -c 1 /dev/kmsg")).contains("not permitted");
        // Below /tmp an own mount with nodev would answer for us.
        assertThat(run("n=/var/tmp/carpel-it-$$; mknod $n c 1 11 && echo made; cat $n; rm $n"))
                .contains("made")
                .contains("not permitted");
    }

    @Test
    void withoutRulesNothingOpens() throws IOException {
        attach(new DeviceRules(List.of()));
        assertThat(run("cat /dev/zero")).contains("not permitted");
    }

    @Test
    void aLaterRuleWinsAndRightsAreKeptApart() throws IOException {
        attach(
                new DeviceRules(
                        List.of(
                                new DeviceRules.Rule(
                                        DeviceRules.Type.ALL,
                                        DeviceRules.ANY,
                                        DeviceRules.ANY,
                                        "rwm",
                                        true),
                                new DeviceRules.Rule(
                                        DeviceRules.Type.CHARACTER, 1, 5, "w", false))));
        assertThat(run("head -c 1 /dev/zero | wc -c")).isEqualTo("1");
        assertThat(run("echo x > /dev/zero")).contains("not permitted");
        assertThat(run("echo x > /dev/null && echo written")).isEqualTo("written");
    }

    @Test
    void aProgramIsReplacedInOneStep() throws ErrnoException, IOException {
        attach(new DeviceRules(List.of()));
        try (Fd group = bpf.openCgroup(directory)) {
            int[] attached = bpf.queryDevice(group);
            assertThat(attached).hasSize(1);
            try (Fd old = bpf.programById(attached[0]);
                    Fd fresh =
                            bpf.loadDeviceProgram(DeviceProgram.assemble(DeviceRules.allowAll()))) {
                bpf.replaceDevice(group, fresh, old);
                assertThat(bpf.queryDevice(group)).hasSize(1).isNotEqualTo(attached);
                assertThat(run("head -c 1 /dev/zero | wc -c")).isEqualTo("1");
                bpf.detachDevice(group, fresh);
                assertThat(bpf.queryDevice(group)).isEmpty();
            }
        }
    }
}
