package io.carpel.runtime.io;

import io.carpel.runtime.launch.AttachSession;
import io.carpel.runtime.launch.ExitRecord;
import io.carpel.runtime.launch.ShimConnection;
import java.nio.ByteBuffer;

/// The live streams of a container's own process, from now on.
public final class AttachedStreams implements ProcessSession {
    private final ShimConnection shim;
    private final AttachSession session;

    public AttachedStreams(ShimConnection shim, AttachSession session) {
        this.shim = shim;
        this.session = session;
    }

    @Override
    public int await(Output output) {
        session.await(new ShimOutput(output));
        return shim.exited().map(ExitRecord::exitCode).orElse(0);
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
        shim.resize(rows, columns);
    }

    @Override
    public void close() {
        session.close();
    }
}
