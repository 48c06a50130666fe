package io.carpel.runtime.launch;

import io.carpel.runtime.cgroup.Placeholders.Placeholder;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.linux.ErrnoException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// [HelperRoles] by plans for the shim program.
final class ShimHelperRoles implements HelperRoles {
    private static final Duration END_LIMIT = Duration.ofSeconds(10);

    private final ProcessShimLauncher launcher;

    ShimHelperRoles(ProcessShimLauncher launcher) {
        this.launcher = launcher;
    }

    @Override
    public UserHelper startUserNamespaceHelper(Path socket, UserNamespaceContents contents) {
        List<Op> ops = userNamespacePlan(contents);
        var plan = new LaunchPlan("userns", socket, noRecord(socket), CgroupPlacement.none(), ops);
        var shim = launcher.launchShim(plan, "user namespace helper at " + socket);
        return new UserHelper() {
            @Override
            public int pid() {
                return shim.pid();
            }

            @Override
            public void proceed() {
                shim.passGate();
            }

            @Override
            public void close() {
                shim.kill(END_LIMIT);
            }
        };
    }

    @Override
    public Placeholder startPlaceholder() {
        int pid = launcher.spawnPlaceholder();
        var ended = new AtomicBoolean();
        return new Placeholder() {
            @Override
            public int pid() {
                return pid;
            }

            @Override
            public void end() {
                if (!ended.getAndSet(true)) {
                    launcher.endPlaceholder(pid);
                }
            }
        };
    }

    /// Helpers write no exit record; this is where one would be looked for.
    private static Path noRecord(Path socket) {
        return socket.resolveSibling(socket.getFileName() + ".exit");
    }

    static List<Op> userNamespacePlan(UserNamespaceContents contents) {
        long flags =
                (contents.network() ? LaunchPlanner.NEWNET : 0)
                        | (contents.ipc() ? LaunchPlanner.NEWIPC : 0)
                        | (contents.hostname().isPresent() ? LaunchPlanner.NEWUTS : 0);
        List<Op> ops = new ArrayList<>();
        ops.add(new Op.Stdio(false, false, false));
        ops.add(new Op.Clone(LaunchPlanner.NEWUSER, "", false));
        ops.add(new Op.Gate());
        ops.add(new Op.BecomeRoot());
        if (flags != 0) {
            ops.add(new Op.Unshare(flags));
        }
        contents.hostname().ifPresent(name -> ops.add(new Op.Hostname(name)));
        if (contents.network()) {
            ops.add(new Op.LoopbackUp());
        }
        ops.add(new Op.Gate());
        ops.add(new Op.End());
        return ops;
    }

    @Override
    public int startReaper(
            Path socket, Optional<Path> user, Optional<String> label, CgroupPlacement cgroup) {
        List<Op> ops = reaperPlan(user, label);
        var plan = new LaunchPlan("reaper", socket, noRecord(socket), cgroup, ops);
        var shim = launcher.launchShim(plan, "reaper at " + socket);
        Optional<ProcessIdentity> waiting = ProcessIdentity.of(shim.pid());
        try {
            shim.start();
        } catch (RuntimeException e) {
            end(shim, waiting, e);
            throw e;
        }
        return shim.pid();
    }

    /// By its shim, which has not reaped it, so that the number is its own. When it is the shim
    /// that does not answer, by a descriptor; the shim then ends with it.
    private void end(
            SocketShimConnection shim, Optional<ProcessIdentity> reaper, RuntimeException why) {
        try {
            shim.kill(END_LIMIT);
        } catch (ContainerRuntimeException _) {
            reaper.ifPresent(process -> {
                try {
                    process.kill(launcher.processes());
                } catch (ErrnoException e) {
                    why.addSuppressed(e);
                }
            });
        }
    }

    /// The root is empty and all privileges are gone: containers of the pod that may look at the
    /// reaper find nothing of the host there.
    static List<Op> reaperPlan(Optional<Path> user, Optional<String> label) {
        List<Op> ops = new ArrayList<>();
        ops.add(new Op.Stdio(false, false, false));
        ops.add(new Op.Detach());
        if (user.isPresent()) {
            ops.add(new Op.Fork(""));
            ops.add(
                    new Op.JoinNamespaces(
                            List.of(new Op.Pin(user.get().toString(), LaunchPlanner.NEWUSER))));
        }
        long flags =
                LaunchPlanner.NEWPID
                        | LaunchPlanner.NEWNS
                        | LaunchPlanner.NEWNET
                        | LaunchPlanner.NEWIPC
                        | LaunchPlanner.NEWUTS;
        ops.add(new Op.Clone(flags, "", user.isPresent()));
        ops.add(new Op.BecomeRoot());
        ops.add(new Op.Empty(0, label.map(text -> "context=" + text).stream().toList()));
        ops.add(new Op.AttachRoot(0));
        ops.add(new Op.Pivot());
        ops.add(new Op.Bounding(0));
        ops.add(new Op.Capabilities(0, 0, 0));
        ops.add(new Op.NoNewPrivileges());
        ops.add(new Op.Gate());
        ops.add(new Op.Reap());
        return ops;
    }
}
