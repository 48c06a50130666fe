package io.carpel.runtime.cgroup;

/// Sends SIGKILL; a seam, so that tests need no victims.
@FunctionalInterface
interface ProcessKiller {
    /// A process that is gone already is fine.
    void kill(int pid);

    /// By the JDK, which takes the process's start time into account: a reused number is spared.
    static ProcessKiller ofHost() {
        return pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
}
