package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.security.CapabilitySets;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.RlimitSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Plans against golden files: `NAME.txt` to be read, `NAME.plan` for the shim's own tests. Run
/// with `-Dgolden.update=true` to write them anew, and look at the difference.
class LaunchPlannerTest {
    private static final Path GOLDEN = Path.of("src/test/resources/plans");
    private static final Path RUN = Path.of("/run/carpel/sandboxes/s/ns");
    private static final CapabilitySets CAPABILITIES =
            new CapabilitySets(0xa80425fbL, 0xa80425fbL, 0xa80425fbL, 0, 0);

    enum Case {
        PLAIN,
        USER_NAMESPACE,
        POD_PID,
        PRIVILEGED_HOST,
        UNIFIED_TERMINAL,
        LABELLED
    }

    private static CgroupPlacement v1(String name) {
        return new CgroupPlacement(
                List.of("cpu,cpuacct", "memory", "systemd").stream()
                        .map(h -> Path.of("/sys/fs/cgroup", h, "carpel", name, "tasks"))
                        .toList(),
                Optional.empty());
    }

    private static CgroupPlacement v2(String name) {
        return new CgroupPlacement(List.of(), Optional.of(Path.of("/sys/fs/cgroup/carpel", name)));
    }

    private static PinnedNamespaces pins(boolean user, boolean pid) {
        return new PinnedNamespaces(
                Optional.of(RUN.resolve("net")),
                Optional.of(RUN.resolve("ipc")),
                Optional.of(RUN.resolve("uts")),
                user ? Optional.of(RUN.resolve("user")) : Optional.empty(),
                pid ? Optional.of(RUN.resolve("pid")) : Optional.empty());
    }

    private static ResolvedProcess process(boolean tty, Bytes seccomp, boolean noNewPrivileges) {
        return new ResolvedProcess(
                List.of("server", "--port", "80"),
                List.of(EnvVar.of("PATH", "/usr/bin:/bin"), EnvVar.of("HOME", "/")),
                "/srv",
                new Credentials(1000, 1000, List.of(1000L, 2000L), CAPABILITIES),
                noNewPrivileges,
                seccomp,
                new ResolvedProcess.Streams(tty, tty, false),
                List.of(new RlimitSpec("RLIMIT_NOFILE", 1024, -1)),
                Optional.of(500),
                Optional.empty());
    }

    private static ContainerLaunch launch(
            ResolvedProcess process,
            ContainerLaunch.Namespaces namespaces,
            List<ResolvedMount> mounts,
            CgroupPlacement cgroup,
            boolean privileged) {
        Path writable = Path.of("/var/lib/carpel/containers/c");
        Path files = Path.of("/run/carpel/sandboxes/s/files");
        Path run = Path.of("/run/carpel/containers/c");
        return new ContainerLaunch(
                "c",
                process,
                namespaces,
                new ContainerLaunch.RootFilesystem(
                        List.of(Path.of("/layers/base"), Path.of("/layers/top")),
                        writable.resolve("upper"),
                        writable.resolve("work"),
                        !privileged),
                new ContainerLaunch.PodFiles(
                        Optional.of(files.resolve("hosts")),
                        Optional.of(files.resolve("hostname")),
                        Optional.of(files.resolve("resolv.conf")),
                        Path.of("/run/carpel/sandboxes/s/shm")),
                mounts,
                privileged
                        ? List.of(
                                ContainerLaunch.Device.likeHost(Path.of("/dev/fuse"), "/dev/fuse"))
                        : List.of(),
                new ContainerLaunch.PathRules(
                        privileged ? List.of() : List.of("/proc/kcore", "/sys/firmware"),
                        privileged ? List.of() : List.of("/proc/sys")),
                cgroup,
                new ContainerLaunch.ShimFiles(
                        run.resolve("shim.sock"),
                        run.resolve("exit"),
                        Optional.of(Path.of("/var/log/pods/p/c/0.log")),
                        cgroup.isV2() ? v2("shims") : v1("shims")),
                Optional.empty(),
                privileged);
    }

    private static ContainerLaunch labelled(ContainerLaunch plain, String process, String files) {
        var was = plain.process();
        return new ContainerLaunch(
                plain.id(),
                new ResolvedProcess(
                        was.argv(),
                        was.env(),
                        was.workingDir(),
                        was.credentials(),
                        was.noNewPrivileges(),
                        was.seccomp(),
                        was.streams(),
                        was.rlimits(),
                        was.oomScoreAdj(),
                        Optional.of(new ExecLabel(ExecLabel.Module.SELINUX, process))),
                plain.namespaces(),
                plain.root(),
                plain.podFiles(),
                plain.mounts(),
                plain.devices(),
                plain.paths(),
                plain.cgroup(),
                plain.shim(),
                Optional.of(new ContainerLaunch.FileLabel(files, Path.of("/layers/base/proc"))),
                plain.privileged());
    }

    private static ResolvedMount image(String target, String... layers) {
        return new ResolvedMount(
                MountSpec.bind("", target, true),
                Path.of("/"),
                java.util.Arrays.stream(layers).map(Path::of).toList(),
                Optional.empty());
    }

    private static ContainerLaunch.Namespaces namespaces(PinnedNamespaces pins, PidMode pid) {
        return new ContainerLaunch.Namespaces(pins, pid, Optional.empty(), Optional.empty());
    }

    private static List<ResolvedMount> imagesAnd(ResolvedMount bind) {
        return List.of(
                image("/image", "/layers/one"),
                image("/images", "/layers/one", "/layers/two"),
                bind);
    }

    private static ContainerLaunch example(Case which) {
        Bytes filter = Bytes.copyOf(new byte[] {6, 0, 0, 0, 0, 0, (byte) 0xff, 0x7f});
        var data = ResolvedMount.bind(MountSpec.bind("/srv/data", "/data", false));
        var sub = ResolvedMount.bind(MountSpec.bind("/srv/sub", "/data/sub", true));
        var hosts = ResolvedMount.bind(MountSpec.bind("/srv/hosts", "/etc/hosts", true));
        return switch (which) {
            case PLAIN ->
                    launch(
                            process(false, filter, false),
                            namespaces(pins(false, false), PidMode.CONTAINER),
                            List.of(sub, data, hosts), // the deeper one first on purpose
                            v1("c"),
                            false);
            case USER_NAMESPACE -> {
                var map = List.of(new IdMapping(0, 65536, 65536));
                yield launch(
                        process(false, filter, true),
                        new ContainerLaunch.Namespaces(
                                pins(true, false),
                                PidMode.CONTAINER,
                                Optional.empty(),
                                Optional.of(new UserNamespaceSpec(map, map))),
                        List.of(data),
                        v1("c"),
                        false);
            }
            case POD_PID ->
                    launch(
                            process(false, Bytes.empty(), false),
                            namespaces(pins(false, true), PidMode.POD),
                            List.of(),
                            v2("c"),
                            false);
            case PRIVILEGED_HOST ->
                    launch(
                            process(false, Bytes.empty(), false),
                            namespaces(PinnedNamespaces.none(), PidMode.HOST),
                            List.of(),
                            v1("c"),
                            true);
            case UNIFIED_TERMINAL ->
                    launch(
                            process(true, filter, true),
                            namespaces(pins(false, false), PidMode.CONTAINER),
                            List.of(),
                            v2("c"),
                            false);
            case LABELLED ->
                    labelled(
                            launch(
                                    process(false, filter, false),
                                    namespaces(pins(false, false), PidMode.CONTAINER),
                                    imagesAnd(data),
                                    v1("c"),
                                    false),
                            "system_u:system_r:container_t:s0:c1,c2",
                            "system_u:object_r:container_file_t:s0:c1,c2");
        };
    }

    private static String text(List<Op> ops) {
        return ops.stream().map(Op::toString).collect(Collectors.joining("\n", "", "\n"));
    }

    private static void compare(String name, List<Op> ops) throws IOException {
        Path text = GOLDEN.resolve(name + ".txt");
        Path plan = GOLDEN.resolve(name + ".plan");
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(text, text(ops));
            Files.write(plan, PlanWriter.write(ops));
        }
        assertThat(text(ops)).isEqualTo(Files.readString(text));
        assertThat(PlanWriter.write(ops)).isEqualTo(Files.readAllBytes(plan));
    }

    @ParameterizedTest
    @EnumSource
    void plansAreAsRecorded(Case which) throws Exception {
        compare(
                which.name().toLowerCase(java.util.Locale.ROOT),
                LaunchPlanner.plan(example(which)).ops());
    }

    @Test
    void execPlansAreAsRecorded() throws Exception {
        var launch = example(Case.PLAIN);
        var process = launch.process().withCommand(List.of("/bin/true"), false, false);
        compare(
                "exec",
                LaunchPlanner.planExec(
                                new ExecLaunch(
                                        process,
                                        Optional.empty(),
                                        launch.cgroup(),
                                        Duration.ofSeconds(1)))
                        .ops());
        compare(
                "exec_unified",
                LaunchPlanner.planExec(
                                new ExecLaunch(process, Optional.empty(), v2("c"), Duration.ZERO))
                        .ops());
    }

    private static ResolvedProcess labelled() {
        ResolvedProcess plain = process(false, Bytes.empty(), false);
        return new ResolvedProcess(
                plain.argv(),
                plain.env(),
                plain.workingDir(),
                plain.credentials(),
                false,
                Bytes.empty(),
                plain.streams(),
                List.of(),
                Optional.empty(),
                Optional.of(new ExecLabel(ExecLabel.Module.APPARMOR, "exec carpel-default")));
    }

    @Test
    void aLabelIsWrittenWhereTheContainersRootIsAndBeforeTheGate() {
        List<Op> ops =
                LaunchPlanner.plan(
                                launch(
                                        labelled(),
                                        namespaces(pins(false, false), PidMode.CONTAINER),
                                        List.of(),
                                        v1("c"),
                                        false))
                        .ops();
        int label = ops.indexOf(new Op.ExecLabel("apparmor/exec", "exec carpel-default"));
        assertThat(label).isGreaterThan(ops.indexOf(new Op.Pivot()));
        assertThat(label).isLessThan(ops.indexOf(new Op.Gate()));
    }

    @Test
    void anExecIntoAUserNamespaceIsLabelledOnTheWayIn() {
        var map = List.of(new IdMapping(0, 65536, 65536));
        for (Optional<UserNamespaceSpec> user :
                List.of(
                        Optional.<UserNamespaceSpec>empty(),
                        Optional.of(new UserNamespaceSpec(map, map)))) {
            List<Op> ops =
                    LaunchPlanner.planExec(new ExecLaunch(labelled(), user, v1("c"), Duration.ZERO))
                            .ops();
            int label = ops.indexOf(new Op.ExecLabel("apparmor/exec", "exec carpel-default"));
            int join = ops.stream().map(Object::getClass).toList().indexOf(Op.JoinContainer.class);
            assertThat(label).isNotNegative();
            assertThat(label < join).isEqualTo(user.isPresent());
            assertThat(ops).filteredOn(Op.ExecLabel.class::isInstance).hasSize(1);
        }
    }

    @Test
    void anExecWithATerminalIsToldWhatKind() {
        ResolvedProcess process = process(false, Bytes.empty(), false);
        assertThat(process.withCommand(List.of("top"), true, false).env())
                .containsExactlyElementsOf(
                        Stream.concat(process.env().stream(), Stream.of(EnvVar.of("TERM", "xterm")))
                                .toList());
        assertThat(process.withCommand(List.of("top"), false, false).env())
                .isEqualTo(process.env());
    }

    @Test
    void helperPlansAreAsRecorded() throws Exception {
        compare(
                "user_helper",
                ShimHelperRoles.userNamespacePlan(
                        new HelperRoles.UserNamespaceContents(true, true, Optional.of("pod"))));
        compare(
                "reaper",
                ShimHelperRoles.reaperPlan(
                        Optional.of(RUN.resolve("user")),
                        Optional.of("system_u:object_r:container_file_t:s0:c1,c2")));
    }

    @Test
    void parentsComeBeforeWhatLiesBelowThemAndOwnMountsReplaceDefaults() {
        List<String> targets =
                LaunchPlanner.plan(example(Case.PLAIN)).ops().stream()
                        .filter(Op.Attach.class::isInstance)
                        .map(op -> ((Op.Attach) op).target())
                        .toList();
        assertThat(targets).containsOnlyOnce("/etc/hosts");
        assertThat(targets.indexOf("/data")).isLessThan(targets.indexOf("/data/sub"));
    }

    @Test
    void filesOfThePodAreReadonlyWhereTheRootIs() {
        for (Case which : List.of(Case.PLAIN, Case.PRIVILEGED_HOST)) {
            ContainerLaunch launch = example(which);
            long wanted = launch.root().readonly() ? MountPlanner.RDONLY : 0;
            assertThat(
                            LaunchPlanner.plan(launch).ops().stream()
                                    .filter(Op.Bind.class::isInstance)
                                    .map(Op.Bind.class::cast))
                    .filteredOn(bind -> bind.source().startsWith("/run/carpel/sandboxes/s/files/"))
                    .isNotEmpty()
                    .allMatch(bind -> bind.attributes() == wanted);
        }
    }

    /// Else a container that is shown the host's groups would see its own in their place.
    @Test
    void nothingIsPutIntoACgroupTreeThatTheContainerBrings() {
        var tree = ResolvedMount.bind(MountSpec.bind("/sys/fs/cgroup", "/sys/fs/cgroup", true));
        List<Op> ops =
                LaunchPlanner.plan(
                                launch(
                                        process(false, Bytes.empty(), false),
                                        namespaces(pins(false, false), PidMode.CONTAINER),
                                        List.of(tree),
                                        v1("c"),
                                        false))
                        .ops();
        assertThat(ops.stream().filter(Op.Attach.class::isInstance).map(Op.Attach.class::cast))
                .extracting(Op.Attach::target)
                .containsOnlyOnce("/sys/fs/cgroup")
                .noneMatch(target -> target.startsWith("/sys/fs/cgroup/"));
    }

    @Test
    void aPodPidNamespaceMustBePinned() {
        var launch =
                launch(
                        process(false, Bytes.empty(), false),
                        namespaces(pins(false, false), PidMode.POD),
                        List.of(),
                        v1("c"),
                        false);
        assertThatThrownBy(() -> LaunchPlanner.plan(launch))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("container c: pid mode pod");
    }

    @Test
    void aMillionMountsAreRefused() {
        var mount = ResolvedMount.bind(MountSpec.bind("/srv", "/x", false));
        var launch =
                launch(
                        process(false, Bytes.empty(), false),
                        namespaces(pins(false, false), PidMode.CONTAINER),
                        java.util.Collections.nCopies(1_000_000, mount),
                        v1("c"),
                        false);
        assertThatThrownBy(() -> LaunchPlanner.plan(launch))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("1000000 mounts");
    }
}
