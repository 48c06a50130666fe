package io.carpel.agent.streaming;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// What the stream server needs of the rest of the agent. Calls block and are made from virtual
/// threads.
public interface StreamBackend {
    /// Starts the command; failures are the runtime's exceptions.
    Session exec(StreamRequest.Exec request);

    /// Joins the container's streams from now on.
    Session attach(StreamRequest.Attach request);

    /// Connects to a port on the sandbox's own loopback, IPv4 first, then IPv6.
    SocketChannel dial(String sandboxId, int port) throws IOException;

    /// A running command or an attached container.
    interface Session extends AutoCloseable {
        /// Feeds output to `output` until the end; called once.
        ///
        /// @return the exit code
        int await(Output output);

        /// Writes to standard input; blocks while it is not read.
        void write(ByteBuffer data);

        /// No more standard input.
        void closeStdin();

        void resize(int rows, int columns);

        /// Kills a command that still runs; only leaves a container.
        @Override
        void close();
    }

    /// Where output goes; the buffers are valid during the call only.
    interface Output {
        void stdout(ByteBuffer data);

        void stderr(ByteBuffer data);
    }
}
