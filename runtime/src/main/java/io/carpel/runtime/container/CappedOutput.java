package io.carpel.runtime.container;

import io.carpel.runtime.launch.ExecSession;
import io.carpel.runtime.spec.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/// Keeps the output of a command up to a bound that both streams share, and drops the rest: the
/// command must not wait for a reader that has had enough. For one thread.
final class CappedOutput implements ExecSession.ExecOutput {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(0);
    private final ByteArrayOutputStream err = new ByteArrayOutputStream(0);
    private long left;

    /// @param cap bytes of both streams together
    CappedOutput(long cap) {
        this.left = cap;
    }

    @Override
    public void stdout(ByteBuffer data) {
        keep(out, data);
    }

    @Override
    public void stderr(ByteBuffer data) {
        keep(err, data);
    }

    private void keep(ByteArrayOutputStream into, ByteBuffer data) {
        int count = (int) Math.min(left, data.remaining());
        byte[] chunk = new byte[count];
        data.get(chunk);
        into.writeBytes(chunk);
        left -= count;
        data.position(data.limit());
    }

    Bytes stdout() {
        return Bytes.copyOf(out.toByteArray());
    }

    Bytes stderr() {
        return Bytes.copyOf(err.toByteArray());
    }
}
