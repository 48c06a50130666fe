package io.carpel.runtime.container;

import io.carpel.runtime.launch.ExecSession;
import io.carpel.runtime.spec.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Keeps the output of a command up to a bound that both streams share, and drops the rest: the
/// command must not wait for a reader that has had enough. For one thread.
final class CappedOutput implements ExecSession.ExecOutput, AutoCloseable {
    private final Stream out = new Stream();
    private final Stream err = new Stream();
    private final OutputRoom room;
    private final long small;

    /// Taken from the room so far.
    private long taken;

    private long kept;
    private long left;

    /// @param cap bytes of both streams together
    /// @param room what all commands share; this one has its part of it until it is closed
    CappedOutput(long cap, OutputRoom room) {
        this.left = cap;
        this.room = room;
        this.small = Math.min(cap, OutputRoom.SMALL);
    }

    /// One stream's bytes in pieces that grow with it: copied once, and hardly larger than needed.
    private static final class Stream {
        private static final int FIRST = 512;
        private static final int LARGEST = 256 << 10;

        private final List<ByteBuffer> full = new ArrayList<>();
        private ByteBuffer last = ByteBuffer.allocate(0);

        void add(ByteBuffer data) {
            while (data.hasRemaining()) {
                if (!last.hasRemaining()) {
                    full.add(last.flip());
                    last = ByteBuffer.allocate(Math.clamp(2L * last.capacity(), FIRST, LARGEST));
                }
                int count = Math.min(last.remaining(), data.remaining());
                last.put(data.slice(data.position(), count));
                data.position(data.position() + count);
            }
        }

        Bytes all() {
            List<ByteBuffer> parts = new ArrayList<>(full);
            parts.add(last.duplicate().flip());
            return Bytes.joined(parts);
        }
    }

    @Override
    public void stdout(ByteBuffer data) {
        keep(out, data);
    }

    @Override
    public void stderr(ByteBuffer data) {
        keep(err, data);
    }

    private void keep(Stream into, ByteBuffer data) {
        long count = Math.min(left, data.remaining());
        long missing = kept + count - small - taken;
        if (missing > 0) {
            long got = room.take(missing);
            taken += got;
            count -= missing - got;
            // What comes after a gap would be worth nothing.
            left = got < missing ? count : left;
        }
        into.add(data.slice(data.position(), (int) count));
        kept += count;
        left -= count;
        data.position(data.limit());
    }

    Bytes stdout() {
        return out.all();
    }

    Bytes stderr() {
        return err.all();
    }

    @Override
    public void close() {
        room.giveBack(taken);
        taken = 0;
        left = 0;
    }
}
