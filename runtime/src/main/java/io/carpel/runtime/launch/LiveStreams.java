package io.carpel.runtime.launch;

import java.nio.ByteBuffer;

/// What clients of a container's own process and of a command in it have in common: input to send,
/// and a way to leave.
public interface LiveStreams extends AutoCloseable {
    /// Sends bytes to standard input; blocks while the process does not read them.
    void write(ByteBuffer data);

    /// No more input from this client.
    void closeStdin();

    @Override
    void close();
}
