package io.carpel.runtime.launch;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// A container's shim. Every call opens its own short connection, so nothing is held between calls
/// and a slow one delays no other. Safe for use by many threads; nothing needs to be closed.
///
/// Calls throw [io.carpel.runtime.error.UnavailableException] when there is no shim any more, or no
/// process to do it with, which is normal once the container has ended: ask [#exited] then. They
/// throw [io.carpel.runtime.error.DeadlineExceededException] when it is there and does not answer
/// in time.
public interface ShimConnection {
    /// Host pid of the container's first process.
    int pid();

    /// Lets the waiting process run and returns once it has executed its program.
    ///
    /// @throws io.carpel.runtime.error.KernelFaultException when it could not, with the program's
    ///   name; the container has then ended
    /// @throws io.carpel.runtime.error.FailedPreconditionException when it was started before
    ShimStatus start();

    /// What the shim knows now.
    default ShimStatus status() {
        return status(Duration.ofSeconds(30));
    }

    /// The same, for who would rather not know than wait for longer than `limit`.
    ShimStatus status(Duration limit);

    /// The exit record if the container has ended.
    Optional<ExitRecord> exited();

    /// Waits until the container has ended, all its output is in the log and the record is written;
    /// empty when that takes longer than `limit`.
    Optional<ExitRecord> awaitExit(Duration limit);

    /// Calls `listener` once, on a virtual thread of its own, when the container has ended. Returns
    /// after the shim has acknowledged, or is seen to hang, so an exit cannot be missed. The
    /// argument is empty when the shim went away without a record (it was killed).
    void onExit(Consumer<Optional<ExitRecord>> listener);

    /// Sends a signal to the container's first process; the shim is its parent, so the pid cannot
    /// have been reused.
    void signal(int signal);

    /// Sets the size of the container's terminal.
    void resize(int rows, int columns);

    /// Opens the log path anew after it was renamed; no record is lost or split.
    void reopenLog();

    /// Closes the container's standard input.
    void closeStdin();

    /// Runs another process inside the container.
    ///
    /// @throws io.carpel.runtime.error.KernelFaultException when it could not be executed
    ExecSession exec(ExecPlan plan);

    /// Joins the container's live streams from now on.
    ///
    /// @param stdin whether this client feeds standard input
    AttachSession attach(boolean stdin);

    /// Ends a container that was never started, or kills a running one, with everything in its
    /// cgroup, and waits for the record.
    ///
    /// @return empty when it was killed and has not ended within `limit`: the kernel holds it
    /// @throws io.carpel.runtime.error.DeadlineExceededException when the shim hangs and cannot be
    ///   asked
    Optional<ExitRecord> kill(Duration limit);
}
