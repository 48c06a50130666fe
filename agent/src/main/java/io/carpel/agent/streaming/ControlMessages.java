package io.carpel.agent.streaming;

import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import java.util.function.Supplier;

/// What a protocol says about a connection as a whole.
///
/// @param farewell makes the last message before the connection is closed: once it has been
///   written, so has all that was queued before it
/// @param ping makes a message that means nothing but that we are here, and asks for no answer: who
///   has to write one while we read nothing may read no more, and both would wait for ever
record ControlMessages(Supplier<Object> farewell, Supplier<Object> ping) {
    /// Clients of SPDY want no goodbye, so the last message is one that they pass over. An odd
    /// number is a client's: this is the answer to a ping which none has sent.
    static ControlMessages ofSpdy() {
        return new ControlMessages(ControlMessages::spdyAnswer, ControlMessages::spdyAnswer);
    }

    private static Object spdyAnswer() {
        return new DefaultSpdyPingFrame(Integer.MAX_VALUE);
    }

    static ControlMessages ofWebSocket() {
        return new ControlMessages(
                () -> new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE),
                PongWebSocketFrame::new);
    }
}
