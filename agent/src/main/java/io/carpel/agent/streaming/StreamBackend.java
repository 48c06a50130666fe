package io.carpel.agent.streaming;

import io.carpel.runtime.io.ProcessSession;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/// What the stream server needs of the rest of the agent. Calls block and are made from virtual
/// threads.
public interface StreamBackend {
    /// Starts the command; failures are the runtime's exceptions.
    ProcessSession exec(StreamRequest.Exec request);

    /// Joins the container's streams from now on.
    ProcessSession attach(StreamRequest.Attach request);

    /// Connects to a port on the sandbox's own loopback, IPv4 first, then IPv6.
    SocketChannel dial(String sandboxId, int port) throws IOException;
}
