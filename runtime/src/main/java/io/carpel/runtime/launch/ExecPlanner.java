package io.carpel.runtime.launch;

import java.util.ArrayList;
import java.util.List;

/// The plan of a further process in a running container.
final class ExecPlanner {
    private ExecPlanner() {}

    static ExecPlan plan(ExecLaunch launch) {
        List<Op> ops = new ArrayList<>();
        var process = launch.process();
        var cgroup = launch.cgroup();
        ops.add(new Op.Stdio(process.streams().tty(), process.streams().stdin(), false));
        if (launch.timeout().isPositive()) {
            ops.add(new Op.TimeLimit(Math.max(1, launch.timeout().toMillis())));
        }
        if (cgroup.isV2()) {
            ops.add(new Op.Track(cgroup.v2Dir().orElseThrow().toString(), true));
        } else if (!cgroup.isNone()) {
            ops.add(new Op.Track(CgroupFiles.tracking(cgroup).toString(), false));
        }
        ops.add(new Op.Fork(""));
        if (!cgroup.isV2() && !cgroup.isNone()) {
            var tracking = CgroupFiles.tracking(cgroup);
            cgroup.taskFiles().stream()
                    .filter(tasks -> !CgroupFiles.directory(tasks).equals(tracking))
                    .forEach(tasks -> ops.add(new Op.JoinCgroup(tasks.toString())));
            ops.add(new Op.JoinTracked());
        }
        process.oomScoreAdj().ifPresent(score -> ops.add(new Op.OomScore(score)));
        launch.user()
                .ifPresent(
                        user -> ops.add(new Op.OwnStreams(user.hostRootUid(), user.hostRootGid())));
        boolean mapped = launch.user().isPresent();
        if (mapped) {
            // Inside, no procfs of its own can be mounted beside one that is masked; the label goes
            // on to the child.
            ops.addAll(ProcessPlanner.label(process));
        }
        ops.add(
                new Op.JoinContainer(
                        LaunchPlanner.NEWNS
                                | LaunchPlanner.NEWPID
                                | LaunchPlanner.NEWNET
                                | LaunchPlanner.NEWIPC
                                | LaunchPlanner.NEWUTS
                                | (cgroup.isV2() ? 0 : LaunchPlanner.NEWCGROUP)
                                | (mapped ? LaunchPlanner.NEWUSER : 0)));
        if (mapped) {
            ops.add(new Op.BecomeRoot());
        }
        if (cgroup.isV2()) {
            // Its group is one below the container's. Programs look for their limits where
            // /proc/self/cgroup says: it has to be what the container's own process reads there.
            ops.add(new Op.Unshare(LaunchPlanner.NEWCGROUP));
        }
        ops.add(new Op.Clone(0, "", true));
        if (process.streams().tty()) {
            ops.add(new Op.Console(false, process.credentials().uid()));
        }
        ops.addAll(ProcessPlanner.before(process));
        if (!mapped) {
            ops.addAll(ProcessPlanner.label(process));
        }
        ops.addAll(ProcessPlanner.execute(process));
        return new ExecPlan(ops, launch.timeout());
    }
}
