package io.carpel.runtime.io;

import io.carpel.runtime.launch.ExecSession;
import java.nio.ByteBuffer;

/// The streams of one process, held by one client.
public interface ProcessSession extends AutoCloseable {
    /// Feeds output to `output` until the process has ended or the session is closed; called once,
    /// by one thread.
    ///
    /// @return the exit code, 128 + n after signal n; 0 when the client left a container that goes
    ///   on
    int await(Output output);

    /// Sends bytes to standard input; blocks while the process does not read them.
    void write(ByteBuffer data);

    /// No more standard input.
    void closeStdin();

    /// Sets the terminal's size.
    void resize(int rows, int columns);

    /// Leaves. A command that was run for this session is killed with everything it has started; a
    /// container goes on.
    @Override
    void close();

    /// Where output goes. The buffers are valid during the call only.
    interface Output extends ExecSession.ExecOutput {}
}
