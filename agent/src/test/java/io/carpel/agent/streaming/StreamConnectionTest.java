package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What becomes of bytes when there is no memory left to keep them in, when nobody reads, and when
/// they come too late.
final class StreamConnectionTest {
    private static final ChannelProtocol V5 = new ChannelProtocol("v5.channel.k8s.io", 5, false);

    /// As a pool whose bound is reached.
    private static final class Empty extends PooledByteBufAllocator {
        @Override
        public ByteBuf ioBuffer(int initialCapacity) {
            throw new OutOfMemoryError("none left, says the test");
        }
    }

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final StreamConnection connection =
            new StreamConnection(channel, ControlMessages.ofWebSocket(), new StreamMemory());

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    /// A channel that writes nothing, as to a peer that does not read.
    ///
    /// @param held gets the promise of each message
    private static EmbeddedChannel withholding(List<ChannelPromise> held) {
        return new EmbeddedChannel(
                new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void write(
                            ChannelHandlerContext context, Object message, ChannelPromise promise) {
                        held.add(promise);
                    }
                });
    }

    private StreamChannel stream() {
        return new WebSocketChannels(connection, V5, 1).channel(0);
    }

    /// The one event loop serves all connections: if it waited for one client to read, no other one
    /// would be served.
    @Test
    void theEventLoopWaitsForNobodyAndAPeerThatOnlyAsksIsCutOff() {
        EmbeddedChannel full = withholding(new ArrayList<>());
        full.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        assertThat(full.isWritable()).isFalse();
        StreamConnection silent =
                new StreamConnection(full, ControlMessages.ofSpdy(), new StreamMemory());
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> {
                    int sent = 0;
                    while (full.isOpen() && sent < 100_000) {
                        silent.send(new DefaultSpdyPingFrame(sent++));
                    }
                    assertThat(sent).isBetween(10_000, 20_000);
                });
    }

    /// A message that the codec refuses would end the connection before what was written ahead of
    /// it.
    @Test
    void theLastMessageOfSpdyGoesThroughItsCodec() {
        EmbeddedChannel spdy = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
        ChannelFuture said = spdy.writeAndFlush(ControlMessages.ofSpdy().farewell().get());
        assertThat(said.isSuccess()).isTrue();
        assertThat(spdy.finishAndReleaseAll()).isTrue();
    }

    @Test
    void whoPausesIsNotCutOffBeforeAllIsWritten() {
        List<ChannelPromise> held = new ArrayList<>();
        EmbeddedChannel full = withholding(held);
        new StreamConnection(full, ControlMessages.ofSpdy(), new StreamMemory()).close();
        full.runPendingTasks();
        full.advanceTimeBy(1, TimeUnit.HOURS);
        full.runScheduledPendingTasks();
        assertThat(held).hasSize(1);
        assertThat(full.isOpen()).isTrue();
        held.getFirst().setFailure(new IOException("the peer is gone"));
        full.runPendingTasks();
        assertThat(full.isOpen()).isFalse();
    }

    @Test
    void keepsACopyOfItsOwn() throws Exception {
        ByteBuf part = Unpooled.copiedBuffer(new byte[] {1, 2});
        StreamChannel stream = stream();
        stream.offer(part);
        assertThat(part.refCnt()).isZero();
        assertThat(stream.read(chunk -> assertThat(chunk.remaining()).isEqualTo(2))).isTrue();
    }

    @Test
    void releasesWhatItCannotKeep() {
        channel.config().setAllocator(new Empty());
        ByteBuf part = Unpooled.copiedBuffer(new byte[] {1, 2});
        StreamChannel stream = stream();
        assertThatThrownBy(() -> stream.offer(part)).isInstanceOf(OutOfMemoryError.class);
        assertThat(part.refCnt()).isZero();
    }

    @Test
    void keepsNothingThatComesAfterTheEnd() throws Exception {
        StreamChannel stream = stream();
        stream.offer(Unpooled.copiedBuffer(new byte[] {1}));
        stream.end();
        for (int i = 0; i < 3; i++) {
            ByteBuf late = Unpooled.wrappedBuffer(new byte[StreamMemory.WIDE]);
            stream.offer(late);
            assertThat(late.refCnt()).isZero();
        }
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(stream.read(chunk -> assertThat(chunk.remaining()).isEqualTo(1))).isTrue();
        assertThat(stream.read(_ -> {})).isFalse();
    }

    @Test
    void stopsReadingWhileNobodyTakesWhatCame() throws Exception {
        StreamChannel stream = stream();
        int sent = 0;
        while (channel.config().isAutoRead()) {
            stream.offer(Unpooled.wrappedBuffer(new byte[1024]));
            sent++;
        }
        assertThat(sent).isLessThanOrEqualTo(StreamMemory.WIDE / 1024);
        while (!channel.config().isAutoRead()) {
            assertThat(stream.read(_ -> {})).isTrue();
            sent--;
        }
        assertThat(sent).isPositive();
        stream.abandon();
    }

    /// A buffer costs far more than the one byte that is in it.
    @Test
    void stopsReadingFromAClientThatSendsByteByByte() {
        StreamChannel stream = stream();
        int sent = 0;
        while (channel.config().isAutoRead()) {
            stream.offer(Unpooled.wrappedBuffer(new byte[1]));
            sent++;
        }
        assertThat(sent).isLessThan(1024);
        stream.abandon();
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void releasesWhatItCannotFrame() {
        channel.config().setAllocator(new Empty());
        ByteBuf content = Unpooled.copiedBuffer(new byte[] {1, 2});
        StreamChannel.Framing framing = new WebSocketChannels(connection, V5, 1).framing(0);
        assertThatThrownBy(() -> framing.data(content)).isInstanceOf(OutOfMemoryError.class);
        assertThat(content.refCnt()).isZero();
    }
}
