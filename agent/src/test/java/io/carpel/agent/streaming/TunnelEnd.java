package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.MessageToMessageCodec;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// A client's end of SPDY inside a WebSocket: bytes to messages, and the contents of messages to
/// bytes.
final class TunnelEnd extends MessageToMessageCodec<WebSocketFrame, ByteBuf> {
    static final String PROTOCOL = "SPDY/3.1+portforward.k8s.io";

    /// What the server has answered to pings.
    final BlockingQueue<String> pongs = new LinkedBlockingQueue<>();

    private final int piece;
    private int written;

    /// @param piece how many bytes a WebSocket frame holds at most
    TunnelEnd(int piece) {
        this.piece = piece;
    }

    static WebSocketClientProtocolHandler handshake(URI url, String offered) {
        return new WebSocketClientProtocolHandler(
                WebSocketClientProtocolConfig.newBuilder()
                        .webSocketUri("ws://" + url.getAuthority() + url.getPath())
                        .version(WebSocketVersion.V13)
                        .subprotocol(offered)
                        .customHeaders(EmptyHttpHeaders.INSTANCE)
                        .maxFramePayloadLength(1 << 20)
                        .dropPongFrames(false)
                        .build());
    }

    /// Adds this and what speaks SPDY where it stands, once the server has agreed: a handshake is
    /// written through all handlers there are.
    ChannelHandler whenOpen() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
                    context.pipeline()
                            .addBefore(context.name(), "tunnel", TunnelEnd.this)
                            .replace(this, "spdy", new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
                }
                context.fireUserEventTriggered(event);
            }
        };
    }

    /// One message of as many frames as it takes, with a ping after each: RFC 6455 allows control
    /// frames between those of a message.
    @Override
    protected void encode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) {
        boolean first = true;
        while (bytes.isReadable()) {
            ByteBuf part = bytes.readRetainedSlice(Math.min(piece, bytes.readableBytes()));
            boolean last = !bytes.isReadable();
            out.add(
                    first
                            ? new BinaryWebSocketFrame(last, 0, part)
                            : new ContinuationWebSocketFrame(last, 0, part));
            first = false;
            if (!last) {
                String text = "ping " + written++;
                out.add(
                        new PingWebSocketFrame(
                                Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII)));
            }
        }
    }

    @Override
    protected void decode(ChannelHandlerContext context, WebSocketFrame frame, List<Object> out) {
        if (frame instanceof PongWebSocketFrame pong) {
            pongs.add(pong.content().toString(StandardCharsets.US_ASCII));
        } else {
            out.add(frame.content().retain());
        }
    }
}
