package io.carpel.runtime.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.ExecSession.ExecResult;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Further processes in a running container. Needs root.
class ExecIT {
    @RegisterExtension final ShimExtension shims = new ShimExtension();

    private TestContainer container;
    private ShimConnection shim;

    @BeforeEach
    void start() throws Exception {
        container = shims.container();
        container.cgroup = shims.cgroup();
        container.shimCgroup = shims.cgroup();
        container.argv = List.of("sleep", "1000");
        shim = shims.start(container);
    }

    private ExecPlan plan(Duration timeout, boolean tty, boolean stdin, String script) {
        return LaunchPlanner.planExec(
                new ExecLaunch(
                        container.process().withCommand(List.of("sh", "-c", script), tty, stdin),
                        container.user,
                        container.cgroup,
                        timeout));
    }

    private ExecResult exec(ExecOutputs outputs, Duration timeout, String script) {
        try (var session = shim.exec(plan(timeout, false, false, script))) {
            return session.await(outputs);
        }
    }

    /// Where an exec's own group lies.
    private Path tracking() {
        return container.cgroup.isV2()
                ? container.cgroup.v2Dir().orElseThrow()
                : CgroupFiles.tracking(container.cgroup);
    }

    private List<Path> execCgroups() throws Exception {
        try (Stream<Path> children = Files.list(tracking())) {
            return children.filter(path -> path.getFileName().toString().startsWith("exec-"))
                    .toList();
        }
    }

    @Test
    void outputAndExitCodeComeBack() throws Exception {
        var outputs = new ExecOutputs();
        assertThat(exec(outputs, Duration.ZERO, "echo hello; echo oops >&2; exit 3").exitCode())
                .isEqualTo(3);
        assertThat(outputs.out()).isEqualTo("hello\n");
        assertThat(outputs.err()).isEqualTo("oops\n");
        assertThat(execCgroups()).isEmpty();
    }

    @Test
    void itSharesTheContainersNamespacesAndCgroup() throws Exception {
        for (String name : List.of("mnt", "pid", "net", "ipc", "uts")) {
            var outputs = new ExecOutputs();
            exec(outputs, Duration.ZERO, "readlink /proc/self/ns/" + name);
            Path inside = Path.of("/proc/" + shim.pid() + "/ns/" + name);
            assertThat(outputs.out().strip()).isEqualTo(Files.readSymbolicLink(inside).toString());
        }
        try (var session = shim.exec(plan(Duration.ZERO, false, true, "cat"))) {
            String cgroups = Files.readString(Path.of("/proc/" + session.pid() + "/cgroup"));
            String group = tracking().getFileName().toString();
            assertThat(cgroups)
                    .contains(
                            container.cgroup.isV2()
                                    ? group + "/exec-"
                                    : "memory:/" + group.replaceAll("-\\d+$", ""));
            assertThat(execCgroups()).hasSize(1);
            session.closeStdin();
            assertThat(session.await(new ExecOutputs()).exitCode()).isZero();
        }
    }

    /// Where programs look for the limits of their memory and time.
    @Test
    void itReadsTheSameGroupsAsTheContainersProcess() throws Exception {
        TestContainer other = shims.container();
        other.cgroup = shims.cgroup();
        String groups = shims.output(other, "grep -v name=systemd /proc/self/cgroup");
        var outputs = new ExecOutputs();
        exec(outputs, Duration.ZERO, "grep -v name=systemd /proc/self/cgroup");
        assertThat(outputs.out().strip()).isEqualTo(groups);
    }

    @Test
    void onlyTheStandardStreamsAreOpen() {
        var outputs = new ExecOutputs();
        exec(outputs, Duration.ZERO, "ls /proc/self/fd");
        // ls itself holds the directory open
        assertThat(outputs.out().split("\\s+")).containsExactly("0", "1", "2", "3");
    }

    @Test
    void aLargeOutputArrivesWhole() {
        var outputs = new ExecOutputs();
        exec(outputs, Duration.ZERO, "seq 1 400000");
        assertThat(outputs.out()).hasSize(2_688_895).endsWith("399999\n400000\n");
    }

    @Test
    void inputReachesTheProcess() {
        var outputs = new ExecOutputs();
        try (var session = shim.exec(plan(Duration.ZERO, false, true, "tr a-z A-Z"))) {
            session.write(ByteBuffer.wrap("hello".repeat(50_000).getBytes(UTF_8)));
            session.closeStdin();
            assertThat(session.await(outputs).exitCode()).isZero();
        }
        assertThat(outputs.out()).isEqualTo("HELLO".repeat(50_000));
    }

    @Test
    void aTimedOutExecIsKilledWhole() throws Exception {
        // The grandchild has left session, parent and process group behind.
        var outputs = new ExecOutputs();
        ExecResult result =
                exec(
                        outputs,
                        Duration.ofMillis(300),
                        "(setsid nohup sleep 4242 >/dev/null 2>&1 &) ; sleep 4343");
        assertThat(result.timedOut()).isTrue();
        assertThat(result.exitCode()).isEqualTo(137);
        var after = new ExecOutputs();
        exec(after, Duration.ZERO, "ps");
        assertThat(after.out()).contains("sleep 1000").doesNotContain("4242", "4343");
        assertThat(execCgroups()).isEmpty();
    }

    @Test
    void aBackgroundChildDoesNotHoldTheResult() {
        var outputs = new ExecOutputs();
        long before = System.nanoTime();
        assertThat(exec(outputs, Duration.ZERO, "sleep 30 & echo done").exitCode()).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
        assertThat(outputs.out()).isEqualTo("done\n");
    }

    @Test
    void leavingKillsIt() throws Exception {
        int pid;
        try (var session = shim.exec(plan(Duration.ZERO, false, true, "sleep 5151 & sleep 5252"))) {
            pid = session.pid();
        }
        ProcessHandle.of(pid)
                .ifPresent(process -> process.onExit().orTimeout(10, TimeUnit.SECONDS).join());
        var after = new ExecOutputs();
        exec(after, Duration.ZERO, "ps");
        assertThat(after.out()).doesNotContain("5151", "5252");
    }

    @Test
    void leavingKillsItThoughItReadsNothing() throws Exception {
        ProcessHandle leader;
        try (var session = shim.exec(plan(Duration.ZERO, false, true, "sleep 5353"))) {
            leader = ProcessHandle.of(session.pid()).orElseThrow();
            // More than a pipe and the shim hold, less than the socket does on top of them.
            session.write(ByteBuffer.allocate(150_000));
        }
        leader.onExit().orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Test
    void aMissingProgramIsNamed() {
        var plan =
                LaunchPlanner.planExec(
                        new ExecLaunch(
                                container.process().withCommand(List.of("nope"), false, false),
                                container.user,
                                container.cgroup,
                                Duration.ZERO));
        assertThatThrownBy(() -> shim.exec(plan))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("execve nope: ENOENT");
    }

    @Test
    void aTerminalOfItsOwn() {
        var outputs = new ExecOutputs();
        try (var session = shim.exec(plan(Duration.ZERO, true, true, "tty; read x; stty size"))) {
            session.resize(33, 77);
            session.write(ByteBuffer.wrap("go\n".getBytes(UTF_8)));
            assertThat(session.await(outputs).exitCode()).isZero();
        }
        assertThat(outputs.out()).contains("/dev/pts/").contains("33 77");
    }

    @Test
    void withoutAShimItSaysSo() throws Exception {
        ProcessHandle.of(shim.status().shimPid()).orElseThrow().destroyForcibly();
        assertThatThrownBy(
                        () -> {
                            while (true) {
                                shim.status();
                            }
                        })
                .isInstanceOf(UnavailableException.class);
        ProcessHandle.of(shim.pid()).ifPresent(ProcessHandle::destroyForcibly);
    }
}
