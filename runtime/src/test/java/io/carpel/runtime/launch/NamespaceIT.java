package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.launch.HelperRoles.UserNamespaceContents;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.LinuxProcessCalls;
import io.carpel.runtime.linux.ProcessCalls;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Which namespaces a container is in, seen from inside and outside. Needs root.
class NamespaceIT {
    private static final long MS_BIND = 4096;
    private static final int MNT_DETACH = 2;

    @RegisterExtension final ShimExtension shims = new ShimExtension();

    private final List<Path> pins = new ArrayList<>();
    private final List<Integer> reapers = new ArrayList<>();
    private TestContainer container;

    @BeforeEach
    void make() throws Exception {
        container = shims.container();
        container.cgroup = shims.cgroup();
        container.shimCgroup = shims.cgroup();
    }

    @AfterEach
    void unpin() throws Exception {
        for (int pid : reapers) {
            new LinuxProcessCalls().kill(pid, ProcessCalls.SIGKILL);
        }
        for (Path pin : pins) {
            new LinuxMountCalls().unmount(pin, MNT_DETACH);
            Files.delete(pin);
        }
    }

    private Path pin(int pid, String name) throws Exception {
        Path file = Files.createFile(shims.directory().resolve("pin-" + name));
        String source = "/proc/" + pid + "/ns/" + name;
        new LinuxMountCalls().mount(source, file, "", MS_BIND, "");
        pins.add(file);
        return file;
    }

    private static String link(int pid, String name) throws Exception {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + name)).toString();
    }

    @Test
    void itsOwnPidNamespaceAndTheShimAsParent() throws Exception {
        container.argv = List.of("sleep", "1000");
        ShimConnection shim = shims.start(container);
        String status = Files.readString(Path.of("/proc/" + shim.pid() + "/status"));
        assertThat(status).containsPattern("NSpid:\\t" + shim.pid() + "\\t1\\n");
        assertThat(status).contains("PPid:\t" + shim.status().shimPid() + "\n");
        int self = (int) ProcessHandle.current().pid();
        assertThat(link(shim.pid(), "pid")).isNotEqualTo(link(self, "pid"));
        assertThat(link(shim.pid(), "mnt")).isNotEqualTo(link(self, "mnt"));
        assertThat(link(shim.pid(), "net")).isEqualTo(link(self, "net"));
        // The shim is nobody's child any more: it outlives whoever started it.
        String shimStatus =
                Files.readString(Path.of("/proc/" + shim.status().shimPid() + "/status"));
        assertThat(shimStatus).doesNotContain("PPid:\t" + self + "\n");
    }

    @Test
    void hostPidSeesAndSignalsHostProcesses() throws Exception {
        container.pid = PidMode.HOST;
        long self = ProcessHandle.current().pid();
        assertThat(
                        shims.output(
                                container,
                                "kill -0 " + self + " && echo $$ && ls -d /proc/" + self))
                .contains("/proc/" + self);
    }

    @Test
    void aPodsReaperIsPidOneAndReaps() throws Exception {
        Path socket = shims.directory().resolve("reaper.sock");
        int reaper =
                shims.launcher()
                        .helpers()
                        .startReaper(
                                socket, Optional.empty(), Optional.empty(), container.shimCgroup);
        reapers.add(reaper);
        Path pidPin = pin(reaper, "pid");
        container.pid = PidMode.POD;
        container.pins =
                new PinnedNamespaces(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(pidPin));
        assertThat(
                        shims.output(
                                container,
                                "(sh -c 'sleep 0.1' &); sleep 0.5; ps -o comm; cat /proc/1/cmdline; ls /proc/1/root 2>/dev/null || echo closed"))
                .doesNotContain("sleep")
                .contains("carpel-shim")
                .doesNotContain(shims.directory().toString())
                .endsWith("closed");
        assertThat(Files.readString(Path.of("/proc/" + reaper + "/status")))
                .contains("CapEff:\t0000000000000000")
                .contains("NoNewPrivs:\t1");
        assertThat(Path.of("/proc/" + reaper + "/fd")).isEmptyDirectory();
        assertThat(socket).doesNotExist();
    }

    @Test
    void theTargetsProcessesAreSeen() throws Exception {
        container.argv = List.of("sleep", "1234");
        ShimConnection target = shims.start(container);
        TestContainer debug = shims.container();
        debug.pid = PidMode.TARGET;
        debug.targetPid = Optional.of(Path.of("/proc/" + target.pid() + "/ns/pid"));
        assertThat(shims.output(debug, "ps")).contains("sleep 1234");
        assertThat(target.exited()).isEmpty();
    }

    private ShimConnection startMapped(String script) throws Exception {
        var map = List.of(new IdMapping(0, 700_000, 65_536));
        Path socket = shims.directory().resolve("user.sock");
        PinnedNamespaces pinned;
        try (var helper =
                shims.launcher()
                        .helpers()
                        .startUserNamespaceHelper(
                                socket,
                                new UserNamespaceContents(true, true, Optional.of("mapped")))) {
            Path proc = Path.of("/proc/" + helper.pid());
            Files.writeString(proc.resolve("uid_map"), "0 700000 65536\n");
            Files.writeString(proc.resolve("gid_map"), "0 700000 65536\n");
            helper.proceed();
            pinned =
                    new PinnedNamespaces(
                            Optional.of(pin(helper.pid(), "net")),
                            Optional.of(pin(helper.pid(), "ipc")),
                            Optional.of(pin(helper.pid(), "uts")),
                            Optional.of(pin(helper.pid(), "user")),
                            Optional.empty());
        }
        assertThat(socket).doesNotExist();
        container.pins = pinned;
        container.user = Optional.of(new UserNamespaceSpec(map, map));
        Path volume = Files.createDirectory(shims.directory().resolve("volume"));
        Files.writeString(volume.resolve("file"), "content\n");
        Path plain = Files.createDirectory(shims.directory().resolve("plain"));
        container.mounts.add(
                new ResolvedMount(
                        new MountSpec(
                                volume.toString(),
                                "/volume",
                                false,
                                false,
                                MountSpec.Propagation.PRIVATE,
                                List.of(),
                                map,
                                map,
                                Optional.empty(),
                                "",
                                false),
                        volume,
                        List.of(),
                        Optional.empty()));
        container.mounts.add(ResolvedMount.bind(MountSpec.bind(plain.toString(), "/plain", false)));
        container.shell(script);
        return shims.start(container);
    }

    @Test
    void aMappedPodOwnsItsFilesAndNotTheHosts() throws Exception {
        ShimConnection shim =
                startMapped(
                        """
                        id -u; hostname; cat /proc/self/uid_map
                        stat -c %u:%g /bin/busybox /volume/file /plain
                        touch /made /volume/made && stat -c %u /made /volume/made
                        touch /plain/made 2>/dev/null || echo refused
                        ls /sys/class/net; cat /proc/1/comm; echo x > /dev/null && echo null
                        """);
        assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isZero();
        assertThat(container.output().replaceAll(" +", " "))
                .isEqualTo(
                        """
                        0
                        mapped
                         0 700000 65536
                        0:0
                        0:0
                        65534:65534
                        0
                        0
                        refused
                        lo
                        sh
                        null\
                        """
                                .replace("\n 0 7", "\n 0 7"));
        assertThat(Files.getAttribute(shims.directory().resolve("volume/made"), "unix:uid"))
                .isEqualTo(0);
        assertThat(Files.getAttribute(container.directory.resolve("upper/made"), "unix:uid"))
                .isEqualTo(700_000);
    }

    @Test
    void anExecIntoAMappedPodIsMappedToo() throws Exception {
        ShimConnection shim = startMapped("sleep 1000");
        var plan =
                LaunchPlanner.planExec(
                        new ExecLaunch(
                                container
                                        .process()
                                        .withCommand(
                                                List.of("sh", "-c", "id -u; hostname; touch /x"),
                                                false,
                                                false),
                                container.user,
                                container.cgroup,
                                Duration.ZERO));
        var outputs = new ExecOutputs();
        try (var session = shim.exec(plan)) {
            assertThat(session.await(outputs).exitCode()).isZero();
        }
        assertThat(outputs.out()).isEqualTo("0\nmapped\n");
        assertThat(Files.getAttribute(container.directory.resolve("upper/x"), "unix:uid"))
                .isEqualTo(700_000);
    }

    @Test
    void theReaperOfAMappedPodBelongsToItsUserNamespace() throws Exception {
        startMapped("true");
        Path user = container.pins.user().orElseThrow();
        int reaper =
                shims.launcher()
                        .helpers()
                        .startReaper(
                                shims.directory().resolve("r.sock"),
                                Optional.of(user),
                                Optional.empty(),
                                container.shimCgroup);
        reapers.add(reaper);
        TestContainer second = shims.container();
        second.pid = PidMode.POD;
        second.user = container.user;
        second.pins =
                new PinnedNamespaces(
                        container.pins.net(),
                        container.pins.ipc(),
                        container.pins.uts(),
                        container.pins.user(),
                        Optional.of(pin(reaper, "pid")));
        assertThat(shims.output(second, "cat /proc/1/comm; id -u; stat -c %u /proc/1"))
                .isEqualTo("carpel-shim\n0\n0");
    }
}
