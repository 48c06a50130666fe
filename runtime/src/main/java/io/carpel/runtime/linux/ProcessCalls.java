package io.carpel.runtime.linux;

import java.util.List;

/// Starting, signalling and waiting for processes.
public interface ProcessCalls {
    // signal.h
    int SIGKILL = 9;
    int SIGTERM = 15;

    /// Starts a program with an empty environment, `/dev/null` as input and output, this process's
    /// standard error, no other descriptor, all signals at their defaults and none blocked.
    ///
    /// @return its pid; the caller must [#waitFor] it
    int spawn(String program, List<String> arguments) throws ErrnoException;

    /// Waits until a child has ended; call it only for children that end at once, since it pins its
    /// carrier.
    ///
    /// @return its exit code, 128 + signal for a killed one
    int waitFor(int pid) throws ErrnoException;

    /// A descriptor of a process, which stays that process's when the pid is used again.
    Fd openPid(int pid) throws ErrnoException;

    /// Sends a signal; ESRCH when the process has ended and was reaped.
    void signal(Fd pidfd, int signal) throws ErrnoException;

    /// Sends a signal by number; only for processes that cannot have been reaped.
    void kill(int pid, int signal) throws ErrnoException;
}
