package io.carpel.runtime.launch;

import io.carpel.runtime.cgroup.Placeholders.Placeholder;
import java.nio.file.Path;
import java.util.Optional;

/// Processes that exist for namespaces only: a thread of this process may not unshare a user
/// namespace, and a pid namespace needs a first process. Faked in tests.
public interface HelperRoles {
    /// Starts a process in a new user namespace that waits for its maps.
    ///
    /// Use: write `/proc/PID/uid_map` and `gid_map`, call [UserHelper#proceed], pin
    /// `/proc/PID/ns/*`, close.
    ///
    /// @param socket where the helper may listen meanwhile; its directory exists and is root's
    ///   alone
    UserHelper startUserNamespaceHelper(Path socket, UserNamespaceContents contents);

    /// Starts the first process of a pid namespace: it reaps and does nothing else, has an empty
    /// root and no privileges, and stays until it is killed, which ends everything in its
    /// namespace.
    ///
    /// @param socket as above
    /// @param user the pinned user namespace the pid namespace is to belong to
    /// @param label what its empty root shows SELinux, as that of all others in its pod; empty
    ///   without it
    /// @param cgroup where the reaper is counted
    /// @return its host pid; pin `/proc/PID/ns/pid`
    int startReaper(
            Path socket, Optional<Path> user, Optional<String> label, CgroupPlacement cgroup);

    /// Starts a process that does nothing and ends with this one.
    Placeholder startPlaceholder();

    /// A waiting process in a user namespace of its own.
    interface UserHelper extends AutoCloseable {
        /// Its host pid, for `/proc/PID/uid_map` and `/proc/PID/ns/*`.
        int pid();

        /// Becomes root of the mapped namespace and makes the contents inside it.
        void proceed();

        /// Ends the process.
        @Override
        void close();
    }

    /// What is to belong to the user namespace.
    ///
    /// @param network a network namespace with its loopback up
    /// @param ipc an IPC namespace
    /// @param hostname a UTS namespace with this name; empty for none
    record UserNamespaceContents(boolean network, boolean ipc, Optional<String> hostname) {}
}
