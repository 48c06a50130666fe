package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.MessageToMessageCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.List;

/// Bytes of another protocol inside binary messages; where a message begins means nothing.
// A write that fails closes its channel, and that is seen where it matters.
@SuppressWarnings("FutureReturnValueIgnored")
final class WebSocketTunnel extends MessageToMessageCodec<WebSocketFrame, ByteBuf> {
    private final StreamConnection connection;

    WebSocketTunnel(StreamConnection connection) {
        this.connection = connection;
    }

    @Override
    protected void encode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) {
        if (bytes.isReadable()) {
            out.add(new BinaryWebSocketFrame(bytes.retain()));
        } else {
            // Keeps the promise of an empty write, by which a connection is closed in order.
            out.add(bytes.retain());
        }
    }

    @Override
    protected void decode(ChannelHandlerContext context, WebSocketFrame frame, List<Object> out) {
        switch (frame) {
            case PingWebSocketFrame ping ->
                    connection.reply(context, new PongWebSocketFrame(ping.content().retain()));
            case CloseWebSocketFrame _ -> context.close();
            case PongWebSocketFrame _ -> {}
            default -> out.add(frame.content().retain());
        }
    }
}
