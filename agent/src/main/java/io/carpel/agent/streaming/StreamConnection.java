package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// One upgraded connection: flow control in both directions between the event loop and the virtual
/// threads that work on its channels. Thread-safe.
final class StreamConnection {
    /// Unconsumed bytes of all channels together above which the connection stops reading.
    static final int HIGH_WATER = 256 * 1024;

    static final int LOW_WATER = 64 * 1024;

    private final Channel channel;
    private final Supplier<Object> farewell;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // guarded by lock
    private long unconsumed;
    private boolean closed;

    /// @param farewell the last message that the protocol wants before the connection is closed
    StreamConnection(Channel channel, Supplier<Object> farewell) {
        this.channel = channel;
        this.farewell = farewell;
    }

    Channel channel() {
        return channel;
    }

    /// The lock of everything that belongs to this connection.
    ReentrantLock lock() {
        return lock;
    }

    Condition changed() {
        return changed;
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /// Called with the lock held when bytes have been queued.
    void queued(int bytes) {
        unconsumed += bytes;
        if (unconsumed > HIGH_WATER) {
            channel.config().setAutoRead(false);
        }
    }

    /// Called with the lock held when queued bytes have been taken or thrown away.
    void consumed(int bytes) {
        unconsumed -= bytes;
        if (unconsumed < LOW_WATER && !channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    /// Sends a message, waiting first while the peer does not read.
    ///
    /// @throws UncheckedIOException when the connection is gone
    void send(Object message) {
        lock.lock();
        try {
            while (!closed && !channel.isWritable()) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                ReferenceCountUtil.release(message);
                throw new UncheckedIOException(new IOException("the client has gone"));
            }
        } finally {
            lock.unlock();
        }
        Future<?> _ = channel.writeAndFlush(message, channel.voidPromise());
    }

    /// Room for `bytes` bytes to be sent.
    ByteBuf allocate(int bytes) {
        return channel.alloc().ioBuffer(bytes);
    }

    /// The event loop says that waiting writers may look again.
    void writabilityChanged() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The event loop says that the peer is gone.
    void closed() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Sends what is queued and closes.
    void close() {
        if (isClosed()) {
            return;
        }
        Future<?> _ =
                channel.writeAndFlush(farewell.get()).addListener(ChannelFutureListener.CLOSE);
    }
}
