package io.carpel.runtime.container;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.io.ProcessSession;
import io.carpel.runtime.io.ShimStreams;
import io.carpel.runtime.launch.ExecLaunch;
import io.carpel.runtime.launch.ExecPlan;
import io.carpel.runtime.launch.ExecSession;
import io.carpel.runtime.launch.LaunchPlanner;
import io.carpel.runtime.launch.ResolvedProcess;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.work.Work;
import io.carpel.runtime.work.WorkBoard;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/// Runs further commands in running containers.
public final class ExecManager {
    /// Without a limit it is the caller's affair how long a command runs.
    private static final Duration NO_LIMIT = Duration.ofDays(36500);

    /// A few commands may print as much as an answer takes at the same time; hundreds of probes
    /// that do so must not fill the heap.
    private static final long OUTPUT_ROOM = 32L << 20;

    private final ContainerManager containers;
    private final ObjectTable<Sandbox, SandboxChange> sandboxes;
    private final OutputRoom room = new OutputRoom(OUTPUT_ROOM);

    public ExecManager(ContainerManager containers, ObjectTable<Sandbox, SandboxChange> sandboxes) {
        this.containers = containers;
        this.sandboxes = sandboxes;
    }

    private record Command(
            String containerId, List<String> argv, boolean tty, boolean stdin, Duration timeout) {
        String name() {
            return Printable.of(argv.getFirst());
        }
    }

    /// Runs a command to its end and returns what it printed.
    ///
    /// @param timeout zero is none; when it passes, every process of the command is killed
    /// @param outputCap bytes of both streams together that are kept; fewer when other commands
    ///   print so much that all of it together would not fit
    /// @throws DeadlineExceededException when the timeout passed
    /// @throws FailedPreconditionException unless the container runs
    public ExecResult execSync(
            String containerId, List<String> argv, Duration timeout, long outputCap) {
        if (timeout.isNegative()) {
            throw new InvalidArgumentException(
                    "timeout of %d s is negative".formatted(timeout.toSeconds()));
        }
        Command command = new Command(containerId, argv, false, false, timeout);
        try (CappedOutput output = new CappedOutput(outputCap, room)) {
            return working(command, work -> run(command, output, work));
        }
    }

    private <R> R working(Command command, Function<Work, R> body) {
        return containers
                .work()
                .board()
                .call(containers.subject(command.containerId()), WorkBoard.EXEC, body);
    }

    private ExecResult run(Command command, CappedOutput output, Work work) {
        Duration timeout = command.timeout();
        try (ExecSession session = start(command, work)) {
            work.at(
                    "wait for command " + command.name(),
                    timeout.isZero() ? NO_LIMIT : timeout.plus(Work.PATIENCE));
            ExecSession.ExecResult result = session.await(output);
            if (result.timedOut()) {
                throw new DeadlineExceededException(
                        "command '%s' in container %s ran longer than %d s and was killed"
                                .formatted(
                                        command.name(),
                                        command.containerId(),
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
        Command command = new Command(containerId, argv, tty, stdin, Duration.ZERO);
        return working(command, work -> ShimStreams.of(start(command, work)));
    }

    private ExecSession start(Command command, Work work) {
        List<String> argv = command.argv();
        String containerId = command.containerId();
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
        ResolvedProcess process = container.process.get();
        ExecPlan plan =
                LaunchPlanner.planExec(
                        new ExecLaunch(
                                process.withCommand(argv, command.tty(), command.stdin()),
                                userNamespace,
                                ContainerSteps.placement(container.cgroup),
                                command.timeout()));
        work.at("start command " + command.name());
        return container.ask(shim -> shim.exec(plan));
    }
}
