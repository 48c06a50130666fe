package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.base64.Base64;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Numbered channels of a WebSocket (RFC 6455): the first byte of each message is the channel.
// A write that fails closes its channel, and that is seen where it matters.
@SuppressWarnings("FutureReturnValueIgnored")
final class WebSocketChannels extends SimpleChannelInboundHandler<WebSocketFrame> {
    /// `v5.channel.k8s.io`: a message of this channel and another channel's number ends the latter.
    static final int CLOSE_CHANNEL = 255;

    private static final Logger LOG = LoggerFactory.getLogger(WebSocketChannels.class);

    private final StreamConnection connection;
    private final ChannelProtocol protocol;
    private final List<StreamChannel> channels;
    // Whose message it is that further frames continue. Only the event loop touches it.
    private Optional<StreamChannel> current = Optional.empty();

    WebSocketChannels(StreamConnection connection, ChannelProtocol protocol, int count) {
        this.connection = connection;
        this.protocol = protocol;
        List<StreamChannel> made = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            made.add(new StreamChannel(connection, framing(i), Map.of()));
        }
        this.channels = List.copyOf(made);
    }

    StreamChannel.Framing framing(int number) {
        return new Framing(number);
    }

    StreamChannel channel(int number) {
        return channels.get(number);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        switch (frame) {
            case PingWebSocketFrame ping ->
                    connection.reply(context, new PongWebSocketFrame(ping.content().retain()));
            case CloseWebSocketFrame close -> {
                context.writeAndFlush(close.retain());
                context.close();
            }
            case BinaryWebSocketFrame data when !protocol.base64() -> receive(data);
            case ContinuationWebSocketFrame rest when !protocol.base64() ->
                    current.ifPresent(channel -> channel.offer(rest.content().retain()));
            case TextWebSocketFrame data when protocol.base64() -> receiveText(data.content());
            case PongWebSocketFrame _ -> {}
            default -> refuse(context, "this subprotocol has no frames of that type");
        }
    }

    private void receive(BinaryWebSocketFrame frame) {
        ByteBuf message = frame.content();
        current = Optional.empty();
        if (!message.isReadable()) {
            return;
        }
        int number = message.readUnsignedByte();
        if (number == CLOSE_CHANNEL && protocol.closesChannels()) {
            if (message.readableBytes() == 1) {
                int ended = message.readUnsignedByte();
                if (ended < channels.size()) {
                    channels.get(ended).end();
                }
            }
        } else if (number < channels.size()) {
            current = Optional.of(channels.get(number));
            channels.get(number).offer(message.readRetainedSlice(message.readableBytes()));
        }
    }

    private void receiveText(ByteBuf message) {
        if (!message.isReadable()) {
            return;
        }
        int number = message.readUnsignedByte() - '0';
        if (number >= 0 && number < channels.size()) {
            channels.get(number).offer(Base64.decode(message));
        }
    }

    private static void refuse(ChannelHandlerContext context, String why) {
        context.writeAndFlush(
                new CloseWebSocketFrame(WebSocketCloseStatus.INVALID_MESSAGE_TYPE, why));
        context.close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        connection.writabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        connection.closed();
        channels.forEach(StreamChannel::breakOff);
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("stream connection broke", cause);
        context.close();
    }

    private final class Framing implements StreamChannel.Framing {
        private final int number;

        Framing(int number) {
            this.number = number;
        }

        @Override
        public Object data(ByteBuf content) {
            if (protocol.base64()) {
                try {
                    ByteBuf encoded = Base64.encode(content, false);
                    try {
                        String text = number + encoded.toString(StandardCharsets.US_ASCII);
                        return new TextWebSocketFrame(
                                ByteBufUtil.writeAscii(connection.channel().alloc(), text));
                    } finally {
                        encoded.release();
                    }
                } finally {
                    content.release();
                }
            }
            boolean framed = false;
            try {
                ByteBuf head = connection.allocate(1).writeByte(number);
                framed = true;
                return new BinaryWebSocketFrame(Unpooled.wrappedBuffer(head, content));
            } finally {
                if (!framed) { // no memory for even that byte
                    content.release();
                }
            }
        }

        /// Only clients can end a channel; the server closes the connection when all is said.
        @Override
        public boolean end(StreamConnection on) {
            return false;
        }

        @Override
        public void reset(StreamConnection on) {}
    }
}
