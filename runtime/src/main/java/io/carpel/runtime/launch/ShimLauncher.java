package io.carpel.runtime.launch;

import java.nio.file.Path;

/// Starts shims and finds them again.
///
/// The shim's program is held as a sealed memfd, so that nothing that runs inside a container can
/// reach a writable copy of it (`/proc/PID/exe`). Safe for use by many threads.
public interface ShimLauncher extends AutoCloseable {
    /// Takes the shim out of the jar and seals it in memory.
    static ShimLauncher open() {
        return ProcessShimLauncher.open();
    }

    /// Starts a shim, executes the plan up to its gate and leaves the container's process waiting
    /// there. On failure nothing is left: no process, no socket.
    ///
    /// @throws io.carpel.runtime.error.KernelFaultException with the operation, the call and errno
    ShimConnection launch(LaunchPlan plan);

    /// The shim that listens at `socket`.
    ///
    /// @throws io.carpel.runtime.error.UnavailableException when none listens there; then the exit
    ///   record tells whether the container ended
    /// @throws io.carpel.runtime.error.DeadlineExceededException when it hangs
    ShimConnection connect(String id, Path socket, Path exitRecord);

    /// The shim that should listen at `socket`, without asking: one that hangs.
    ///
    /// @param pid of the container's first process as far as it is known, or 0
    ShimConnection assume(String id, Path socket, Path exitRecord, int pid);

    /// Processes that hold namespaces.
    HelperRoles helpers();

    @Override
    void close();
}
