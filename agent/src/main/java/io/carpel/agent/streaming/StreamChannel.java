package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;

/// One logical stream of a connection, full duplex, with bounded memory.
///
/// The event loop calls [#offer], [#end] and [#reset]; one reader at a time calls [#read]; any
/// thread may write. What crosses is framed by [Framing].
final class StreamChannel {
    /// Most that goes into one frame.
    static final int MAX_FRAME = StreamMemory.NARROW;

    private final StreamConnection connection;
    private final Framing framing;
    private final Map<String, String> headers;
    // guarded by connection.lock()
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>();
    private boolean ended;
    private boolean abandoned;
    private Runnable whenBroken = () -> {};

    /// How bytes and the end of a stream look on the wire.
    interface Framing {
        /// A frame that carries `content` and owns it.
        Object data(ByteBuf content);

        /// Tells the peer that nothing more comes.
        ///
        /// @return false where the protocol has no word for it
        boolean end(StreamConnection connection);

        /// Tells the peer that the stream is broken.
        void reset(StreamConnection connection);
    }

    /// Takes the content of a chunk, which is valid during the call only.
    interface Sink {
        void accept(ByteBuffer chunk) throws java.io.IOException;
    }

    StreamChannel(StreamConnection connection, Framing framing, Map<String, String> headers) {
        this.connection = connection;
        this.framing = framing;
        this.headers = Map.copyOf(headers);
    }

    /// What the client said of the stream when it opened it; names in lower case.
    Map<String, String> headers() {
        return headers;
    }

    String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /// Queues received bytes; owns `data` from now on.
    void offer(ByteBuf data) {
        connection.lock().lock();
        try {
            if (ended || abandoned || connection.isEnding() || !data.isReadable()) {
                data.release();
                return;
            }
            ByteBuf own = connection.own(data);
            queue.add(own);
            connection.queued(own);
            connection.changed().signalAll();
        } finally {
            connection.lock().unlock();
        }
    }

    /// The peer sends no more.
    void end() {
        connection.lock().lock();
        try {
            ended = true;
            connection.changed().signalAll();
        } finally {
            connection.lock().unlock();
        }
    }

    /// Hands the next chunk to `sink`; waits for one.
    ///
    /// @return false at the end of the stream
    boolean read(Sink sink) throws java.io.IOException {
        ByteBuf chunk;
        connection.lock().lock();
        try {
            while (queue.isEmpty() && !ended && !abandoned && !connection.isClosed()) {
                connection.changed().awaitUninterruptibly();
            }
            if (queue.isEmpty()) {
                return false;
            }
            chunk = queue.remove();
            connection.consumed(chunk);
        } finally {
            connection.lock().unlock();
        }
        try {
            for (ByteBuffer part : chunk.nioBuffers()) {
                sink.accept(part);
            }
            return true;
        } finally {
            chunk.release();
        }
    }

    /// Says what to do when the peer breaks the stream off or its connection goes; runs on the
    /// event loop (or at once when that has happened already) and must not wait.
    void whenBroken(Runnable action) {
        boolean already;
        connection.lock().lock();
        try {
            already = abandoned || connection.isClosed();
            whenBroken = action;
        } finally {
            connection.lock().unlock();
        }
        if (already) {
            action.run();
        }
    }

    /// The peer has broken the stream off.
    void breakOff() {
        abandon();
        Runnable action;
        connection.lock().lock();
        try {
            action = whenBroken;
        } finally {
            connection.lock().unlock();
        }
        action.run();
    }

    /// Throws away what was received and what will be: nobody reads this stream any more.
    void abandon() {
        connection.lock().lock();
        try {
            abandoned = true;
            while (!queue.isEmpty()) {
                ByteBuf chunk = queue.remove();
                connection.consumed(chunk);
                chunk.release();
            }
            connection.changed().signalAll();
        } finally {
            connection.lock().unlock();
        }
    }

    /// Sends all of `data`; waits while the peer does not read.
    void write(ByteBuffer data) {
        while (data.hasRemaining()) {
            int length = Math.min(data.remaining(), MAX_FRAME);
            ByteBuf content = connection.allocate(length);
            content.writeBytes(data.slice(data.position(), length));
            data.position(data.position() + length);
            connection.send(framing.data(content));
        }
    }

    /// Sends an empty frame, by which a client sees that the stream works.
    void writeEmpty() {
        connection.send(framing.data(connection.allocate(0)));
    }

    /// Nothing more will be written.
    ///
    /// @return false when the peer cannot be told before the connection is closed
    boolean closeWrite() {
        return framing.end(connection);
    }

    /// Breaks the stream off in both directions.
    void reset() {
        abandon();
        framing.reset(connection);
    }
}
