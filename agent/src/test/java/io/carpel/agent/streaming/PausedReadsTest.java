package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Whether a connection that is paused is read all the same, by whoever decodes what comes.
final class PausedReadsTest {
    private int reads;

    private final ChannelOutboundHandlerAdapter counter =
            new ChannelOutboundHandlerAdapter() {
                @Override
                public void read(ChannelHandlerContext context) {
                    reads++;
                    context.read();
                }
            };

    /// A frame of SPDY that carries bytes of stream 1.
    private static ByteBuf data(int length) {
        return Unpooled.buffer().writeInt(1).writeInt(length).writeZero(length);
    }

    @Test
    void framesOfSpdyAreNoReasonToReadOn() {
        EmbeddedChannel channel = new EmbeddedChannel(counter);
        UpgradeHandler.addSpdy(channel.pipeline(), new ChannelInboundHandlerAdapter());
        channel.config().setAutoRead(false);
        reads = 0;
        for (ByteBuf part : List.of(data(10), data(20_000), data(100).readSlice(50))) {
            channel.writeInbound(part);
        }
        assertThat(channel.inboundMessages()).hasSize(2);
        assertThat(reads).isZero();
        channel.config().setAutoRead(true);
        assertThat(reads).isEqualTo(1);
        channel.writeInbound(Unpooled.buffer().writeZero(58));
        assertThat(channel.inboundMessages()).hasSize(3);
        channel.finishAndReleaseAll();
    }
}
