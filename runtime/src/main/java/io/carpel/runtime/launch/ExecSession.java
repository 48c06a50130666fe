package io.carpel.runtime.launch;

import java.nio.ByteBuffer;

/// A process run inside a container beside its first one. Closing it before the end kills every
/// process that it started.
public interface ExecSession extends LiveStreams {
    /// Host pid of the process.
    int pid();

    /// Feeds output to `output` until the process has ended; called once, by one thread. A reader
    /// that is slow slows the process down, nothing else.
    ExecResult await(ExecOutput output);

    void resize(int rows, int columns);

    /// Sends a signal to the process; SIGKILL goes to everything it has started.
    void signal(int signal);

    /// Where output goes. The buffers are valid during the call only.
    interface ExecOutput {
        void stdout(ByteBuffer data);

        void stderr(ByteBuffer data);
    }

    /// @param exitCode 128 + signal for a killed process
    /// @param timedOut whether the plan's time was up and everything was killed
    record ExecResult(int exitCode, boolean timedOut) {}
}
