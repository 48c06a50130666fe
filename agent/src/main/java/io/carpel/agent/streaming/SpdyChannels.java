package io.carpel.agent.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Streams of a SPDY/3.1 connection (SPDY draft 3.1, sections 2.2 and 2.3).
///
/// Netty's codec does the framing. Its session handler is not used: it keeps to the flow control of
/// the draft, which the clients of this server (client-go and what is built on it) do not speak, so
/// every stream would stop after 64 KiB. TCP's own flow control takes its place, see
/// [StreamConnection].
// A write that fails closes its channel, and that is seen where it matters.
@SuppressWarnings("FutureReturnValueIgnored")
final class SpdyChannels extends SimpleChannelInboundHandler<SpdyFrame> {
    /// Streams open at once on one connection; a port-forward opens two for each of its
    /// connections.
    static final int MAX_STREAMS = 2048;

    /// What is kept of a stream's headers, and how long each may be: a few bytes of compressed ones
    /// can make many, and there are many streams.
    private static final Set<String> HEADERS = Set.of("streamtype", "port", "requestid");

    private static final int MAX_HEADER = 256;
    private static final Logger LOG = LoggerFactory.getLogger(SpdyChannels.class);

    private final StreamConnection connection;
    private final Consumer<StreamChannel> opened;
    // Only the event loop touches it.
    private final Map<Integer, Open> streams = new HashMap<>();

    /// A stream goes once both sides have ended it.
    private static final class Open {
        private final StreamChannel stream;
        private boolean theirsEnded;
        private boolean oursEnded;

        Open(StreamChannel stream) {
            this.stream = stream;
        }
    }

    /// @param opened called on the event loop for each stream that the client opens; must not wait
    SpdyChannels(StreamConnection connection, Consumer<StreamChannel> opened) {
        this.connection = connection;
        this.opened = opened;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, SpdyFrame frame) {
        switch (frame) {
            case SpdySynStreamFrame open -> open(context, open);
            case SpdyDataFrame data -> receive(context, data);
            case SpdyRstStreamFrame reset -> {
                Open open = streams.remove(reset.streamId());
                if (open != null) {
                    open.stream.breakOff();
                }
            }
            // A server answers pings with odd ids; even ones are its own.
            case SpdyPingFrame ping when (ping.id() & 1) == 1 ->
                    connection.reply(context, new DefaultSpdyPingFrame(ping.id()));
            case SpdyGoAwayFrame _ -> LOG.debug("client says that it will open no more streams");
            default -> LOG.trace("ignored {}", frame);
        }
    }

    private void open(ChannelHandlerContext context, SpdySynStreamFrame frame) {
        int id = frame.streamId();
        if (frame.isInvalid() || (id & 1) == 0 || streams.containsKey(id)) {
            refuse(context, id, SpdyStreamStatus.PROTOCOL_ERROR);
            return;
        }
        if (streams.size() >= MAX_STREAMS) {
            refuse(context, id, SpdyStreamStatus.REFUSED_STREAM);
            return;
        }
        Map<String, String> headers = kept(frame);
        if (headers.values().stream().anyMatch(value -> value.length() > MAX_HEADER)) {
            refuse(context, id, SpdyStreamStatus.PROTOCOL_ERROR);
            return;
        }
        headers.put(":id", Integer.toString(id));
        StreamChannel stream = new StreamChannel(connection, new SpdyFraming(id), headers);
        Open open = new Open(stream);
        streams.put(id, open);
        // Netty leaves the header block out when there is no header, and then client-go's inflater
        // waits for it for ever.
        var reply = new DefaultSpdySynReplyFrame(id);
        reply.headers().set(":status", "200").set(":version", "HTTP/1.1");
        connection.reply(context, reply);
        if (frame.isLast()) {
            theirsEnded(id, open);
        }
        opened.accept(stream);
    }

    private static Map<String, String> kept(SpdySynStreamFrame frame) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Map.Entry<CharSequence, CharSequence> header : frame.headers()) {
            String name = header.getKey().toString().toLowerCase(Locale.ROOT);
            if (HEADERS.contains(name)) {
                headers.put(name, header.getValue().toString());
            }
        }
        return headers;
    }

    private void refuse(ChannelHandlerContext context, int id, SpdyStreamStatus status) {
        connection.reply(context, new DefaultSpdyRstStreamFrame(id, status));
    }

    private void receive(ChannelHandlerContext context, SpdyDataFrame frame) {
        Open open = streams.get(frame.streamId());
        if (open == null || open.theirsEnded) {
            refuse(context, frame.streamId(), SpdyStreamStatus.INVALID_STREAM);
            return;
        }
        open.stream.offer(frame.content().retain());
        if (frame.isLast()) {
            theirsEnded(frame.streamId(), open);
        }
    }

    private void theirsEnded(int id, Open open) {
        open.theirsEnded = true;
        open.stream.end();
        if (open.oursEnded) {
            streams.remove(id);
        }
    }

    private void oursEnded(int id) {
        Open open = streams.get(id);
        if (open != null) {
            open.oursEnded = true;
            if (open.theirsEnded) {
                streams.remove(id);
            }
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        connection.writabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        connection.closed();
        streams.values().forEach(open -> open.stream.breakOff());
        streams.clear();
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("stream connection broke", cause);
        context.close();
    }

    private final class SpdyFraming implements StreamChannel.Framing {
        private final int id;

        SpdyFraming(int id) {
            this.id = id;
        }

        @Override
        public Object data(ByteBuf content) {
            return new DefaultSpdyDataFrame(id, content);
        }

        @Override
        public boolean end(StreamConnection on) {
            on.send(new DefaultSpdyDataFrame(id).setLast(true));
            on.channel().eventLoop().execute(() -> oursEnded(id));
            return true;
        }

        @Override
        public void reset(StreamConnection on) {
            on.channel().eventLoop().execute(() -> streams.remove(id));
            on.send(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.CANCEL));
        }
    }
}
