package io.carpel.agent.streaming;

import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.io.ProcessSession;
import java.nio.channels.SocketChannel;

/// The runtime as the stream server sees it.
public final class RuntimeStreams implements StreamBackend {
    private final ContainerRuntime runtime;

    public RuntimeStreams(ContainerRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public ProcessSession exec(StreamRequest.Exec request) {
        return runtime.execs()
                .open(
                        request.containerId(),
                        request.command(),
                        request.streams().tty(),
                        request.streams().stdin());
    }

    @Override
    public ProcessSession attach(StreamRequest.Attach request) {
        return runtime.containers()
                .attach(request.containerId(), request.reads() && request.streams().stdin());
    }

    @Override
    public SocketChannel dial(String sandboxId, int port) {
        return runtime.sandboxes().dial(sandboxId, port);
    }
}
