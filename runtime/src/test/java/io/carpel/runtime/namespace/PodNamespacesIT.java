package io.carpel.runtime.namespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.cgroup.Placeholders.Placeholder;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.security.SelinuxPolicy;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real namespaces made by threads; those of helpers are tried with the real shim elsewhere.
class PodNamespacesIT {
    private static final HelperRoles NO_HELPERS =
            new HelperRoles() {
                @Override
                public UserHelper startUserNamespaceHelper(
                        Path socket, UserNamespaceContents contents) {
                    throw new AssertionError("no helper is needed here");
                }

                @Override
                public int startReaper(
                        Path socket,
                        Optional<Path> user,
                        Optional<String> label,
                        CgroupPlacement cgroup) {
                    throw new AssertionError("no reaper is needed here");
                }

                @Override
                public Placeholder startPlaceholder() {
                    throw new AssertionError("no placeholder is needed here");
                }
            };

    private final PodNamespaces namespaces =
            PodNamespaces.open(new LinuxNamespaceCalls(), new LinuxMountCalls(), NO_HELPERS);
    private final Path netns =
            Path.of("/run/netns/carpel-it-" + UUID.randomUUID().toString().substring(0, 8));

    @TempDir Path directory;

    private List<String> mountsBefore = List.of();

    @BeforeEach
    void remember() throws IOException {
        mountsBefore = ourMounts();
    }

    @AfterEach
    void nothingLeft() throws IOException {
        assertThat(ourMounts()).isEqualTo(mountsBefore);
        assertThat(netns).doesNotExist();
        assertThat(directory.resolve("ns")).doesNotExist();
        assertThat(directory.resolve("shm")).doesNotExist();
    }

    private List<String> ourMounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .filter(line ->
                        line.contains(directory.toString()) || line.contains(netns.toString()))
                .toList();
    }

    private PodNamespacesRequest request(NamespaceSpec spec, Map<String, String> sysctls) {
        return new PodNamespacesRequest(
                "it",
                spec,
                spec.hostNetwork() ? "" : "pod-one",
                sysctls,
                directory.resolve("ns"),
                netns,
                directory.resolve("shm"),
                1 << 20);
    }

    private static NamespaceSpec spec(boolean hostNetwork, boolean hostIpc) {
        return new NamespaceSpec(hostNetwork, hostIpc, PidMode.CONTAINER, Optional.empty());
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private String inside(PinnedNamespaces pins, String script) throws IOException {
        return run(
                "nsenter",
                "--net=" + pins.net().orElseThrow(),
                "--uts=" + pins.uts().orElseThrow(),
                "--ipc=" + pins.ipc().orElseThrow(),
                "sh",
                "-c",
                script);
    }

    @Test
    void whatContainersShareHasTheirLabel() throws IOException {
        assumeTrue(SelinuxPolicy.host().enabled(), "the host does not run SELinux");
        String label = "system_u:object_r:container_file_t:s0:c7,c9";
        var plain = request(spec(true, false), Map.of());
        PodNamespaces.Created created =
                namespaces.create(
                        new PodNamespacesRequest(
                                plain.id(),
                                plain.spec(),
                                plain.hostname(),
                                plain.sysctls(),
                                plain.pinsDir(),
                                plain.netnsFile(),
                                plain.shm(),
                                plain.shmSize(),
                                Optional.of(label),
                                plain.helperSocket(),
                                plain.reaperCgroup()));
        Path files = directory.resolve("files");
        namespaces.mountFiles(files, 1 << 20, Optional.of(label));
        assertThat(ourMounts())
                .filteredOn(line -> line.contains(" - tmpfs "))
                .hasSize(2)
                .allMatch(line -> line.contains(",context=\"" + label + "\""));
        namespaces.unmountFiles(files);
        namespaces.remove(created.pins(), created.shm(), created.reaper());
    }

    @Test
    void makesEnteredNamedAndConfiguredNamespaces() throws IOException {
        var sysctls =
                new TreeMap<>(
                        Map.of(
                                "kernel.shm_rmid_forced", "1",
                                "net.ipv4.ip_unprivileged_port_start", "80",
                                "fs.mqueue.msg_max", "17",
                                "kernel.domainname", "example"));
        String hostValue = run("cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start");
        PodNamespaces.Created made = namespaces.create(request(spec(false, false), sysctls));
        try {
            PinnedNamespaces pins = made.pins();
            assertThat(namespaces.alive(pins)).isTrue();
            assertThat(inode(pins.net().orElseThrow()))
                    .isNotEqualTo(inode(Path.of("/proc/self/ns/net")));
            assertThat(inside(pins, "hostname")).isEqualTo("pod-one");
            assertThat(inside(pins, "cat /sys/class/net/lo/flags; ip link show lo"))
                    .contains("LOOPBACK,UP");
            assertThat(
                            inside(
                                    pins,
                                    "cd /proc/sys; cat kernel/shm_rmid_forced"
                                            + " net/ipv4/ip_unprivileged_port_start"
                                            + " fs/mqueue/msg_max kernel/domainname"))
                    .isEqualTo("1\n80\n17\nexample");
            assertThat(run("cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"))
                    .isEqualTo(hostValue);
            assertThat(run("ip", "netns", "list")).contains(netns.getFileName().toString());
            assertThat(run("stat", "-f", "-c", "%T %b", made.shm().orElseThrow().toString()))
                    .isEqualTo("tmpfs 256");
            assertThat(run("stat", "-c", "%a", made.shm().orElseThrow().toString()))
                    .isEqualTo("1777");
        } finally {
            namespaces.remove(made.pins(), made.shm(), made.reaper());
            namespaces.remove(made.pins(), made.shm(), made.reaper());
        }
        assertThat(namespaces.alive(made.pins())).isFalse();
    }

    @Test
    void worksInsideTheNetwork() throws IOException {
        PodNamespaces.Created made = namespaces.create(request(spec(false, false), Map.of()));
        try {
            // Two lines of heading, then one for each interface.
            List<String> devices =
                    namespaces.inNetwork(
                            made.pins(),
                            () -> Files.readAllLines(Path.of("/proc/thread-self/net/dev")));
            assertThat(devices).hasSize(3);
            assertThat(devices.getLast()).contains("lo:");
        } finally {
            namespaces.remove(made.pins(), made.shm(), made.reaper());
        }
        assertThatThrownBy(() -> namespaces.inNetwork(made.pins(), () -> 1))
                .isInstanceOf(FailedPreconditionException.class);
    }

    @Test
    void leavesTheHostsWhereAsked() throws IOException {
        PodNamespaces.Created made = namespaces.create(request(spec(true, true), Map.of()));
        assertThat(made.pins()).isEqualTo(PinnedNamespaces.none());
        assertThat(made.shm()).isEmpty();
        assertThat(namespaces.inNetwork(made.pins(), () -> "host")).isEqualTo("host");
        namespaces.remove(made.pins(), made.shm(), made.reaper());
        Files.delete(directory.resolve("ns"));
    }

    @Test
    void aRefusedParameterLeavesNothing() {
        for (String key :
                List.of(
                        "kernel.shm_rmid_forced+kernel.core_pattern",
                        "kernel.core_pattern",
                        "net/../kernel/core_pattern",
                        "net.ipv4.no_such_thing",
                        "vm.overcommit_memory",
                        "kernel.hostname")) {
            assertThatThrownBy(
                            () -> namespaces.create(request(spec(false, false), Map.of(key, "1"))))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("sysctl");
        }
        assertThatThrownBy(() ->
                        namespaces.create(
                                request(spec(false, false), Map.of("kernel.shmmax", "many"))))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void aFailingStepLeavesNothing() {
        for (int step = 0; step < 4; step++) {
            int failing = step;
            PodNamespaces broken =
                    PodNamespaces.open(
                            new LinuxNamespaceCalls(), failingMounts(failing), NO_HELPERS);
            assertThatThrownBy(() -> broken.create(request(spec(false, false), Map.of())))
                    .as("mount %d", failing)
                    .hasMessageContaining("could not make the namespaces");
            assertThat(netns).doesNotExist();
            assertThat(directory.resolve("ns")).doesNotExist();
        }
    }

    /// The real calls, but the mount with this number fails.
    private static MountCalls failingMounts(int failing) {
        var real = new LinuxMountCalls();
        int[] count = {0};
        return (MountCalls)
                java.lang.reflect.Proxy.newProxyInstance(
                        MountCalls.class.getClassLoader(),
                        new Class<?>[] {MountCalls.class},
                        (_, method, arguments) -> {
                            if (method.getName().equals("mount") && count[0]++ == failing) {
                                throw new io.carpel.runtime.linux.ErrnoException(
                                        "mount", "injected", 12);
                            }
                            try {
                                return method.invoke(real, arguments);
                            } catch (java.lang.reflect.InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}
