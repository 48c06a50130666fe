package io.carpel.agent.streaming;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/// What a protocol says about a connection as a whole.
///
/// @param farewell makes the last message before the connection is closed
/// @param ping makes a message that means nothing but that we are here
record ControlMessages(Supplier<Object> farewell, Supplier<Object> ping) {
    /// Clients of SPDY want no goodbye. A server's pings have even numbers.
    static ControlMessages ofSpdy() {
        AtomicInteger id = new AtomicInteger();
        return new ControlMessages(
                () -> Unpooled.EMPTY_BUFFER, () -> new DefaultSpdyPingFrame(id.addAndGet(2)));
    }

    static ControlMessages ofWebSocket() {
        return new ControlMessages(
                () -> new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE),
                PingWebSocketFrame::new);
    }
}
