package io.carpel.runtime.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.NamespaceKind;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pods whose namespaces only a helper can make, by the real shim.
class UserNamespacedPodIT {
    private static final long OUTSIDE = 1_000_000;

    private final LinuxNamespaceCalls calls = new LinuxNamespaceCalls();
    private final Path netns =
            Path.of("/run/netns/carpel-it-" + UUID.randomUUID().toString().substring(0, 8));

    @TempDir Path directory;

    private ShimLauncher shims;
    private PodNamespaces namespaces;

    @BeforeEach
    void open() {
        shims = ShimLauncher.open();
        namespaces = PodNamespaces.open(calls, new LinuxMountCalls(), shims.helpers());
    }

    @AfterEach
    void nothingLeft() throws IOException {
        shims.close();
        assertThat(netns).doesNotExist();
        assertThat(directory.resolve("ns")).doesNotExist();
        assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
                .doesNotContain(directory.toString());
    }

    private PodNamespacesRequest request(PidMode pid, boolean mapped, Map<String, String> sysctls) {
        var map = List.of(new IdMapping(0, OUTSIDE, 65_536));
        Optional<UserNamespaceSpec> user =
                mapped ? Optional.of(new UserNamespaceSpec(map, map)) : Optional.empty();
        return new PodNamespacesRequest(
                "it",
                new NamespaceSpec(false, false, pid, user),
                "mapped",
                sysctls,
                directory.resolve("ns"),
                netns,
                directory.resolve("shm"),
                1 << 20);
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    @Test
    void everythingBelongsToThePodsUserNamespace() throws IOException {
        var sysctls =
                Map.of("kernel.shm_rmid_forced", "1", "net.ipv4.ip_unprivileged_port_start", "80");
        PodNamespaces.Created made = namespaces.create(request(PidMode.CONTAINER, true, sysctls));
        try {
            Path user = made.pins().user().orElseThrow();
            for (Path pin :
                    List.of(
                            made.pins().net().orElseThrow(),
                            made.pins().ipc().orElseThrow(),
                            made.pins().uts().orElseThrow())) {
                try (Fd namespace = calls.open(pin);
                        Fd owner = calls.owner(namespace)) {
                    assertThat(calls.kind(owner)).isEqualTo(NamespaceKind.USER);
                    assertThat(inode(Path.of(owner.procPath()))).isEqualTo(inode(user));
                }
            }
            String inside =
                    run(
                            "nsenter",
                            "--user=" + user,
                            "--net=" + made.pins().net().orElseThrow(),
                            "--ipc=" + made.pins().ipc().orElseThrow(),
                            "--uts=" + made.pins().uts().orElseThrow(),
                            "sh",
                            "-c",
                            "hostname; id -u; cat /proc/self/uid_map | tr -s ' ';"
                                    + " cat /proc/sys/kernel/shm_rmid_forced"
                                    + " /proc/sys/net/ipv4/ip_unprivileged_port_start;"
                                    + " ip link show lo");
            assertThat(inside)
                    .startsWith("mapped\n0\n 0 1000000 65536\n1\n80\n")
                    .contains("LOOPBACK,UP");
            assertThat(run("stat", "-c", "%u:%g", made.shm().orElseThrow().toString()))
                    .isEqualTo("1000000:1000000");
        } finally {
            namespaces.remove(made.pins(), made.shm(), made.reaper());
        }
    }

    @Test
    void aSharedPidNamespaceLivesByItsReaper() throws IOException {
        for (boolean mapped : new boolean[] {false, true}) {
            PodNamespaces.Created made = namespaces.create(request(PidMode.POD, mapped, Map.of()));
            int reaper = made.reaper().orElseThrow().pid();
            try {
                Path now = Path.of("/proc", Integer.toString(reaper), "ns", "pid");
                assertThat(inode(made.pins().pid().orElseThrow())).isEqualTo(inode(now));
                assertThat(inode(now)).isNotEqualTo(inode(Path.of("/proc/self/ns/pid")));
                assertThat(Files.readString(Path.of("/proc/" + reaper + "/status")))
                        .containsPattern("NSpid:\\t" + reaper + "\\t1\\n");
            } finally {
                namespaces.remove(made.pins(), made.shm(), made.reaper());
            }
            Instant deadline = Instant.now().plus(Duration.ofSeconds(10));
            while (ProcessHandle.of(reaper).isPresent()) {
                assertThat(Instant.now()).as("the reaper ends").isBefore(deadline);
                LockSupport.parkNanos(1_000_000);
            }
        }
    }
}
