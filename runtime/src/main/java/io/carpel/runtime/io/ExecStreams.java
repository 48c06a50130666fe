package io.carpel.runtime.io;

import io.carpel.runtime.launch.ExecSession;
import java.nio.ByteBuffer;

/// The streams of a command run in a container.
public final class ExecStreams implements ProcessSession {
    private final ExecSession session;

    public ExecStreams(ExecSession session) {
        this.session = session;
    }

    @Override
    public int await(Output output) {
        return session.await(new ShimOutput(output)).exitCode();
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
