package io.carpel.runtime.launch;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Turns a specification into a plan; a pure function, so that plans can be printed and compared.
///
/// Without a user namespace one process does everything: it is cloned into its new namespaces while
/// it still has the host's privileges. With one, or when a pid namespace is joined, a *joiner* goes
/// between: it prepares all mounts that need the host's paths, enters the namespaces and clones the
/// container's process inside them.
public final class LaunchPlanner {
    // linux/sched.h
    static final long NEWNS = 0x0002_0000L;
    static final long NEWCGROUP = 0x0200_0000L;
    static final long NEWUTS = 0x0400_0000L;
    static final long NEWIPC = 0x0800_0000L;
    static final long NEWUSER = 0x1000_0000L;
    static final long NEWPID = 0x2000_0000L;
    static final long NEWNET = 0x4000_0000L;

    private final ContainerLaunch launch;
    private final MountPlanner mounts;
    private final List<Op> ops = new ArrayList<>();

    private LaunchPlanner(ContainerLaunch launch) {
        this.launch = launch;
        this.mounts = new MountPlanner(launch);
    }

    /// @throws InvalidArgumentException when a mount's target or the working directory cannot be
    public static LaunchPlan plan(ContainerLaunch launch) {
        return new LaunchPlanner(launch).plan();
    }

    /// @throws InvalidArgumentException as above
    public static ExecPlan planExec(ExecLaunch launch) {
        return ExecPlanner.plan(launch);
    }

    private LaunchPlan plan() {
        settings();
        if (joins()) {
            joiner();
        } else {
            direct();
        }
        if (privateCgroup()) {
            ops.add(new Op.Unshare(NEWCGROUP));
        }
        ops.addAll(mounts.attach());
        if (launch.process().streams().tty()) {
            ops.add(new Op.Console(true, launch.process().credentials().uid()));
        }
        List<String> labelled = MountPlanner.labelled(launch, List.of());
        launch.paths().masked().forEach(path -> ops.add(new Op.Mask(inside(path), labelled)));
        launch.paths().readonly().forEach(path -> ops.add(new Op.ReadonlyPath(inside(path))));
        if (launch.root().readonly()) {
            ops.add(new Op.ReadonlyRoot());
        }
        ops.add(new Op.Pivot());
        ops.addAll(ProcessPlanner.before(launch.process()));
        ops.addAll(ProcessPlanner.label(launch.process()));
        ops.add(new Op.Gate());
        ops.addAll(ProcessPlanner.execute(launch.process()));
        var shim = launch.shim();
        return new LaunchPlan(launch.id(), shim.socket(), shim.exitRecord(), shim.cgroup(), ops);
    }

    private void settings() {
        var shim = launch.shim();
        var streams = launch.process().streams();
        ops.add(new Op.ExitFile(shim.exitRecord().toString()));
        shim.log().ifPresent(log -> ops.add(new Op.LogFile(log.toString())));
        ops.add(new Op.Stdio(streams.tty(), streams.stdin(), streams.stdinOnce()));
        if (!launch.cgroup().isNone()) {
            ops.add(CgroupFiles.accounting(launch.cgroup()));
        }
    }

    /// Whether a joiner is needed: setns of a pid namespace takes effect on children only, and the
    /// host's paths cannot be reached from inside a user namespace.
    private boolean joins() {
        return hasUser()
                || launch.namespaces().pid() == PidMode.POD
                || launch.namespaces().pid() == PidMode.TARGET;
    }

    private boolean hasUser() {
        return launch.namespaces().pins().user().isPresent();
    }

    private boolean privateCgroup() {
        return !(launch.privileged() && !launch.cgroup().isV2());
    }

    private void direct() {
        boolean own = launch.namespaces().pid() == PidMode.CONTAINER;
        ops.add(new Op.Clone(NEWNS | (own ? NEWPID : 0), v2Dir(), false));
        cgroupAndScore();
        ops.addAll(mounts.prepare());
        joinNamespaces(false);
    }

    private void joiner() {
        ops.add(new Op.Fork(v2Dir()));
        cgroupAndScore();
        boolean own = launch.namespaces().pid() == PidMode.CONTAINER;
        if (hasUser()) {
            launch.namespaces().user().ifPresent(this::giveToMappedRoot);
            ops.addAll(mounts.prepare());
            joinNamespaces(true);
            ops.add(new Op.BecomeRoot());
            ops.add(new Op.Clone(NEWNS | (own ? NEWPID : 0), "", true));
        } else {
            joinNamespaces(true);
            ops.add(new Op.Clone(NEWNS, "", true));
            ops.addAll(mounts.prepare());
        }
    }

    private void cgroupAndScore() {
        launch.cgroup().taskFiles().forEach(tasks -> ops.add(new Op.JoinCgroup(tasks.toString())));
        launch.process().oomScoreAdj().ifPresent(score -> ops.add(new Op.OomScore(score)));
    }

    /// The overlay itself cannot be idmapped: what root inside writes must belong to it outside.
    private void giveToMappedRoot(UserNamespaceSpec user) {
        ops.add(new Op.OwnStreams(user.hostRootUid(), user.hostRootGid()));
        for (Path path : List.of(launch.root().upper(), launch.root().work())) {
            ops.add(new Op.Chown(path.toString(), user.hostRootUid(), user.hostRootGid()));
        }
    }

    private void joinNamespaces(boolean withPid) {
        var namespaces = launch.namespaces();
        var pins = namespaces.pins();
        List<Op.Pin> joined = new ArrayList<>();
        pins.user().ifPresent(path -> joined.add(new Op.Pin(path.toString(), NEWUSER)));
        pins.net().ifPresent(path -> joined.add(new Op.Pin(path.toString(), NEWNET)));
        pins.ipc().ifPresent(path -> joined.add(new Op.Pin(path.toString(), NEWIPC)));
        pins.uts().ifPresent(path -> joined.add(new Op.Pin(path.toString(), NEWUTS)));
        if (withPid && namespaces.pid() == PidMode.POD) {
            joined.add(new Op.Pin(pins.pid().orElseThrow(this::noPidPin).toString(), NEWPID));
        } else if (withPid && namespaces.pid() == PidMode.TARGET) {
            Path target = namespaces.targetPid().orElseThrow(this::noPidPin);
            joined.add(new Op.Pin(target.toString(), NEWPID));
        }
        if (!joined.isEmpty()) {
            ops.add(new Op.JoinNamespaces(joined));
        }
    }

    private InvalidArgumentException noPidPin() {
        return new InvalidArgumentException(
                "container %s: pid mode %s without a pid namespace to join"
                        .formatted(launch.id(), launch.namespaces().pid()));
    }

    private String v2Dir() {
        return launch.cgroup().v2Dir().map(Path::toString).orElse("");
    }

    /// A path inside the container, absolute and without `..`.
    static String inside(String path) {
        if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
            throw new InvalidArgumentException(
                    "path '%s' inside the container is not absolute"
                            .formatted(io.carpel.runtime.spec.Printable.of(path)));
        }
        return Path.of(path).normalize().toString();
    }
}
