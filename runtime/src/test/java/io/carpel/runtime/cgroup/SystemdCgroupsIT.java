package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.linux.LinuxBpfCalls;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Scopes of the systemd that is process 1.
class SystemdCgroupsIT {
    private static final long MIB = 1L << 20;

    /// Emulated machines need it.
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String name = "carpelit" + UUID.randomUUID().toString().substring(0, 8);
    private final GroupProcesses processes = new GroupProcesses();
    private Path root = Path.of("/");
    private ShimLauncher launcher;
    private CgroupManager cgroups;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(
                CgroupDriver.named("auto") == CgroupDriver.SYSTEMD,
                "systemd is process 1 here, with cgroup v2 and a bus");
        root = CgroupMounts.ofHost().v2().orElseThrow();
        launcher = ShimLauncher.open();
        cgroups = manager();
    }

    private CgroupManager manager() {
        return CgroupManager.open(
                new CgroupConfig(CgroupDriver.SYSTEMD, "/" + name + ".slice", name, true),
                new LinuxBpfCalls(),
                launcher.helpers()::startPlaceholder);
    }

    @AfterEach
    void nothingLeft() throws IOException {
        processes.close();
        if (cgroups != null) {
            cgroups.leaves().values().forEach(path -> cgroups.reopen(path).remove());
            cgroups.close();
            launcher.close();
            assertThat(root.resolve(name + ".slice")).doesNotExist();
            assertThat(systemctl("list-units", "--all", "--plain", "--no-legend", name + "*"))
                    .isEmpty();
        }
    }

    private static String systemctl(String... arguments) throws IOException {
        var command = new java.util.ArrayList<>(List.of("systemctl"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private Path directory(Cgroup group) {
        return group.v2Dir().orElseThrow();
    }

    private static ResourceLimits limits() {
        return new ResourceLimits(0, 0, 0, 32 * MIB, 32 * MIB, 0, 20, "0", "", List.of(), Map.of());
    }

    private static void until(BooleanSupplier condition) {
        assertThat(CgroupRemover.await(PATIENCE, condition)).isTrue();
    }

    /// A member and a watcher, as a container and its shim.
    private Process occupy(Cgroup group) throws IOException {
        Process member = processes.start(group, "sleep 600");
        Process watcher =
                new ProcessBuilder(
                                "busybox",
                                "sh",
                                "-c",
                                "echo 0 >%s/cgroup.procs; read _"
                                        .formatted(group.watchersDir().orElseThrow()))
                        .start();
        until(() -> group.pids().contains((int) member.pid()));
        CgroupDir beside = new CgroupDir(group.watchersDir().orElseThrow());
        until(() -> lines(beside).contains(Long.toString(watcher.pid())));
        group.occupied();
        return watcher;
    }

    private static List<String> lines(CgroupDir dir) {
        try {
            return dir.lines("cgroup.procs");
        } catch (IOException _) {
            return List.of();
        }
    }

    @Test
    void limitsAreInAScopeOfThePodsSliceAndSystemdLeavesThemAlone() throws IOException {
        String parent = "/%s.slice/%s-pod.slice".formatted(name, name);
        Cgroup group = cgroups.create(parent, "a1", limits(), DeviceRules.defaults());
        assertThat(directory(group))
                .isEqualTo(root.resolve(parent.substring(1) + "/" + name + "-a1.scope/container"));
        Process watcher = occupy(group);

        systemctl("daemon-reload");
        systemctl("set-property", "--runtime", name + "-pod.slice", "MemoryMax=64M");

        CgroupDir dir = new CgroupDir(directory(group));
        assertThat(dir.read("memory.max")).isEqualTo(Long.toString(32 * MIB));
        assertThat(dir.read("pids.max")).isEqualTo("20");
        assertThat(dir.read("cpuset.cpus.effective")).isEqualTo("0");
        assertThat(systemctl("show", "-P", "Delegate", name + "-a1.scope")).isEqualTo("yes");
        assertThat(systemctl("is-active", name + "-a1.scope")).isEqualTo("active");

        watcher.getOutputStream().close();
        group.remove();
        assertThat(root.resolve(parent.substring(1))).doesNotExist();
    }

    @Test
    void theGroupOutlivesItsLastMemberUntilTheWatcherEnds() throws Exception {
        Cgroup group = cgroups.create("", "a1", limits(), DeviceRules.allowAll());
        Process watcher = occupy(group);
        group.killAll();
        until(() -> group.pids().isEmpty());
        // What systemd would have removed by now, were the scope empty.
        systemctl("daemon-reload");
        assertThat(directory(group)).isDirectory();
        assertThat(group.oomKills()).isZero();

        watcher.getOutputStream().close();
        watcher.waitFor();
        until(() -> !Files.exists(directory(group)));
        group.remove();
    }

    @Test
    void aNewAgentTakesUpWhatIsThere() throws IOException {
        Cgroup group = cgroups.create("", "a1", limits(), DeviceRules.allowAll());
        Process watcher = occupy(group);
        Cgroup helpers = cgroups.keep("shims");
        CgroupManager second = manager();
        assertThat(second.leaves()).containsEntry("a1", group.path()).containsKey("shims");

        Cgroup found = second.keep("shims");
        helpers.occupied();
        assertThat(found.path()).isEqualTo(helpers.path());
        assertThat(directory(found)).isDirectory();
        Cgroup again = second.reopen(group.path());
        again.update(new ResourceLimits(0, 0, 0, 48 * MIB, 0, 0, 0, "", "", List.of(), Map.of()));
        assertThat(new CgroupDir(directory(group)).read("memory.max"))
                .isEqualTo(Long.toString(48 * MIB));
        watcher.getOutputStream().close();
        again.remove();
        found.remove();
        assertThat(second.leaves()).isEmpty();
    }

    @Test
    void whatFailsLeavesNoScope() throws IOException {
        var unknown =
                new ResourceLimits(
                        0, 0, 0, 0, 0, 0, 0, "", "", List.of(), Map.of("memory.none", "1"));
        assertThatThrownBy(() -> cgroups.create("", "a1", unknown, DeviceRules.allowAll()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("memory.none");
        assertThat(cgroups.leaves()).isEmpty();
        assertThat(systemctl("is-active", name + "-a1.scope")).isEqualTo("inactive");
    }
}
