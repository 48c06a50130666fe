package io.carpel.runtime.container;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.io.ExecStreams;
import io.carpel.runtime.io.ProcessSession;
import io.carpel.runtime.launch.ExecLaunch;
import io.carpel.runtime.launch.ExecPlan;
import io.carpel.runtime.launch.ExecSession;
import io.carpel.runtime.launch.LaunchPlanner;
import io.carpel.runtime.launch.ResolvedProcess;
import io.carpel.runtime.sandbox.SandboxTable;
import io.carpel.runtime.spec.Printable;
import java.time.Duration;
import java.util.List;

/// Runs further commands in running containers.
public final class ExecManager {
    private final ContainerManager containers;
    private final SandboxTable sandboxes;

    public ExecManager(ContainerManager containers, SandboxTable sandboxes) {
        this.containers = containers;
        this.sandboxes = sandboxes;
    }

    /// Runs a command to its end and returns what it printed.
    ///
    /// @param timeout zero is none; when it passes, every process of the command is killed
    /// @param outputCap bytes of both streams together that are kept
    /// @throws DeadlineExceededException when the timeout passed
    /// @throws FailedPreconditionException unless the container runs
    public ExecResult execSync(
            String containerId, List<String> argv, Duration timeout, long outputCap) {
        if (timeout.isNegative()) {
            throw new InvalidArgumentException(
                    "timeout of %d s is negative".formatted(timeout.toSeconds()));
        }
        CappedOutput output = new CappedOutput(outputCap);
        try (ExecSession session = start(containerId, argv, false, false, timeout)) {
            ExecSession.ExecResult result = session.await(output);
            if (result.timedOut()) {
                throw new DeadlineExceededException(
                        "command '%s' in container %s ran longer than %d s and was killed"
                                .formatted(
                                        Printable.of(argv.getFirst()),
                                        containerId,
                                        timeout.toSeconds()));
            }
            return new ExecResult(result.exitCode(), output.stdout(), output.stderr());
        }
    }

    /// Starts a command whose streams the caller holds; closing the session kills it.
    ///
    /// @param tty whether it gets a terminal of its own
    /// @param stdin whether its input is fed; otherwise it is `/dev/null`
    public ProcessSession open(String containerId, List<String> argv, boolean tty, boolean stdin) {
        return new ExecStreams(start(containerId, argv, tty, stdin, Duration.ZERO));
    }

    private ExecSession start(
            String containerId, List<String> argv, boolean tty, boolean stdin, Duration timeout) {
        if (argv.isEmpty() || argv.getFirst().isEmpty()) {
            throw new InvalidArgumentException("no command to run in container " + containerId);
        }
        MergedProcess.checkArguments(argv);
        LiveContainer container = containers.running(containerId);
        var userNamespace =
                sandboxes
                        .get(containers.get(containerId).spec().sandboxId())
                        .spec()
                        .namespaces()
                        .user();
        ResolvedProcess process =
                container.process.orElseThrow(() ->
                        new FailedPreconditionException(
                                "container %s: how its process runs is not known any more"
                                        .formatted(containerId)));
        ExecPlan plan =
                LaunchPlanner.planExec(
                        new ExecLaunch(
                                process.withCommand(argv, tty, stdin),
                                userNamespace,
                                ContainerSteps.placement(container.cgroup),
                                timeout));
        return container.shim.exec(plan);
    }
}
