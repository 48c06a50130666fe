package io.carpel.agent.streaming;

import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.io.ProcessSession;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// The runtime as the stream server sees it.
public final class RuntimeStreams implements StreamBackend {
    private final ContainerRuntime runtime;

    public RuntimeStreams(ContainerRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public Session exec(StreamRequest.Exec request) {
        return new RuntimeSession(
                runtime.execs()
                        .open(
                                request.containerId(),
                                request.command(),
                                request.streams().tty(),
                                request.streams().stdin()));
    }

    @Override
    public Session attach(StreamRequest.Attach request) {
        return new RuntimeSession(
                runtime.containers()
                        .attach(
                                request.containerId(),
                                request.reads() && request.streams().stdin()));
    }

    @Override
    public SocketChannel dial(String sandboxId, int port) {
        return runtime.sandboxes().dial(sandboxId, port);
    }

    private record RuntimeSession(ProcessSession session) implements Session {
        @Override
        public int await(Output output) {
            return session.await(
                    new ProcessSession.Output() {
                        @Override
                        public void stdout(ByteBuffer data) {
                            output.stdout(data);
                        }

                        @Override
                        public void stderr(ByteBuffer data) {
                            output.stderr(data);
                        }
                    });
        }

        @Override
        public void write(ByteBuffer data) {
            session.write(data);
        }

        @Override
        public void closeStdin() {
            session.closeStdin();
        }

        @Override
        public void resize(int rows, int columns) {
            session.resize(rows, columns);
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
