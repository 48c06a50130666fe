package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One upgraded connection: flow control in both directions between the event loop and the virtual
/// threads that work on its channels. Thread-safe.
final class StreamConnection {
    /// How often it is looked whether the peer of a connection from which nothing is read is there.
    private static final long LOOK_SECONDS = 2;

    /// How long a peer may take to close its side once it has all that was said.
    private static final long LINGER_SECONDS = 10;

    /// Replies that may wait for the peer to read: far more than any client has reason to ask for.
    private static final int MAX_REPLIES = 10_000;

    /// What a buffer costs besides its content: a client may send byte by byte.
    private static final int BUFFER_COST = 256;

    /// States of linux/tcp.h. In the second our end has been said and not been taken: before it
    /// lies what the peer has not read.
    private static final int ESTABLISHED = 1;

    private static final int FIN_WAIT1 = 4;

    private static final Logger LOG = LoggerFactory.getLogger(StreamConnection.class);

    private final Channel channel;
    private final ControlMessages messages;
    private final StreamMemory memory;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // guarded by lock
    private long unconsumed;
    private boolean paused;
    private boolean ending;
    private boolean closed;
    // Only the event loop touches it.
    private int replies;

    StreamConnection(Channel channel, ControlMessages messages, StreamMemory memory) {
        this.channel = channel;
        this.messages = messages;
        this.memory = memory;
        int window = memory.window();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(window / 4, window));
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

    /// Whether what still comes is of no use. Called with the lock held.
    boolean isEnding() {
        return ending;
    }

    /// The same bytes in a buffer of their size. What decoders hand on is a part of the buffer that
    /// was read into, and would keep the whole of it however few they are. Takes `part` over, also
    /// when there is no memory for a copy.
    ByteBuf own(ByteBuf part) {
        try {
            return allocate(part.readableBytes()).writeBytes(part);
        } finally {
            part.release();
        }
    }

    /// Called with the lock held when a buffer has been queued. With little memory left no more is
    /// read before it has been taken.
    void queued(ByteBuf buffer) {
        unconsumed += cost(buffer);
        if (!paused && (unconsumed > memory.window() || memory.isShort())) {
            paused = true;
            channel.config().setAutoRead(false);
            lookLater();
        }
    }

    private static int cost(ByteBuf buffer) {
        return buffer.readableBytes() + BUFFER_COST;
    }

    /// Called with the lock held when a queued buffer has been taken or is about to be thrown away.
    void consumed(ByteBuf buffer) {
        unconsumed -= cost(buffer);
        if (paused && unconsumed <= memory.window() / 4) {
            paused = false;
            channel.config().setAutoRead(true);
        }
    }

    /// The end of a connection is noticed by reading it, so a client that vanished with its input
    /// unread would never be missed. While nothing is read the kernel is asked, and a ping sent:
    /// when so much lies unread that not even the end of the connection got through, the kernel of
    /// a client that is gone answers the ping with a reset.
    private void lookLater() {
        Future<?> _ = channel.eventLoop().schedule(this::look, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    private void look() {
        boolean still;
        lock.lock();
        try {
            still = paused && !closed;
        } finally {
            lock.unlock();
        }
        if (!still) {
            return;
        }
        if (channel instanceof EpollSocketChannel socket
                && (!socket.isActive() || socket.tcpInfo().state() != ESTABLISHED)) {
            Future<?> _ = channel.close();
            return;
        }
        if (channel.isWritable()) {
            Future<?> _ = channel.writeAndFlush(messages.ping().get());
        }
        lookLater();
    }

    /// Sends a message, waiting first while the peer does not read; on the event loop, by which all
    /// connections live, without waiting.
    ///
    /// @throws UncheckedIOException when the connection is gone
    void send(Object message) {
        if (channel.eventLoop().inEventLoop()) {
            reply(channel, message);
            return;
        }
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

    /// Answers at once what the peer has sent; called on the event loop. A peer that goes on asking
    /// and reads nothing is cut off.
    void reply(ChannelOutboundInvoker through, Object message) {
        if (replies >= MAX_REPLIES) {
            ReferenceCountUtil.release(message);
            Future<?> _ = channel.close();
            return;
        }
        replies++;
        Future<?> _ = through.writeAndFlush(message).addListener(_ -> replies--);
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

    /// Sends what is queued and closes. Input that comes meanwhile is thrown away.
    ///
    /// Closing at once while input lies unread would make the kernel reset the connection, and with
    /// it go the last words that the peer has not read yet. So only our direction ends; the peer
    /// sees that and closes, or is closed when it takes too long.
    void close() {
        lock.lock();
        try {
            if (closed || ending) {
                return;
            }
            ending = true;
            if (paused) {
                paused = false;
                channel.config().setAutoRead(true);
            }
        } finally {
            lock.unlock();
        }
        try {
            channel.eventLoop().execute(this::sayFarewell);
        } catch (RejectedExecutionException _) {
            // The server is closed, and with it this connection.
        }
    }

    /// A peer that pauses is owed all that was written before, as long as it likes to; when nothing
    /// moves for too long the server closes its connection like any other.
    private void sayFarewell() {
        Future<?> _ =
                channel.writeAndFlush(messages.farewell().get())
                        .addListener(said -> {
                            if (said.isSuccess()) {
                                endOutput();
                                linger();
                            } else {
                                LOG.debug("the client could not be told the end", said.cause());
                                cutOff();
                            }
                        });
    }

    private void linger() {
        Future<?> late =
                channel.eventLoop().schedule(this::endLinger, LINGER_SECONDS, TimeUnit.SECONDS);
        Future<?> _ = channel.closeFuture().addListener(_ -> late.cancel(false));
    }

    private void endLinger() {
        if (channel instanceof EpollSocketChannel socket
                && socket.isActive()
                && socket.tcpInfo().state() == FIN_WAIT1) {
            linger();
        } else {
            cutOff();
        }
    }

    private void cutOff() {
        Future<?> _ = channel.close();
    }

    private void shutdownOutput() {
        Future<?> _ = ((DuplexChannel) channel).shutdownOutput();
    }

    private void endOutput() {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            shutdownOutput();
        } else {
            // A TLS peer wants to be told that nothing was cut off.
            Future<?> _ = tls.closeOutbound().addListener(_ -> shutdownOutput());
        }
    }
}
