package io.carpel.agent.streaming;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The memory of all stream connections together. Thread-safe.
///
/// It is kept apart from that of the other server in this process: whatever clients of streams do,
/// the runtime's own calls find memory. While little of it is used a connection may hold much that
/// is on its way, which makes it fast; when much is used, little; and when nearly all is used, who
/// sends more is cut off.
final class StreamMemory {
    /// Bytes in use above which connections may hold little.
    static final long TIGHT = 12L << 20;

    /// Bytes in use above which no session begins.
    static final long SHORT = 64L << 20;

    /// Bytes held above which connections that send are closed: what is scattered over many chunks
    /// is memory that nobody else has.
    static final long FULL = 80L << 20;

    /// How many bytes one connection may hold for each direction.
    static final int WIDE = 128 * 1024;

    static final int NARROW = 32 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(StreamMemory.class);

    // One arena with chunks of 128 KiB and no caches of threads, since most of ours are virtual.
    private final PooledByteBufAllocator allocator =
            new PooledByteBufAllocator(true, 0, 1, 8192, 4, 0, 0, false);

    ByteBufAllocator allocator() {
        return allocator;
    }

    /// Bytes of buffers that somebody has.
    long used() {
        return allocator.pinnedDirectMemory();
    }

    /// Bytes taken from the process: whole chunks, however little of each is used.
    long held() {
        return allocator.metric().usedDirectMemory();
    }

    /// How many bytes a connection may hold for each direction now.
    int window() {
        return used() > TIGHT ? NARROW : WIDE;
    }

    /// Whether a session should rather be tried later.
    boolean isShort() {
        return used() > SHORT;
    }

    /// Stands first in a connection's pipeline.
    ChannelInboundHandlerAdapter guard() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                if (held() > FULL) {
                    ReferenceCountUtil.release(message);
                    LOG.warn("streams hold {} bytes: cutting a sending client off", held());
                    Future<?> _ = context.close();
                } else {
                    context.fireChannelRead(message);
                }
            }
        };
    }
}
