package io.carpel.agent.streaming;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The HTTP part of a connection: redeems the token, agrees on a protocol, upgrades, and leaves.
// A write that fails closes its channel, and that is seen where it matters.
@SuppressWarnings("FutureReturnValueIgnored")
final class UpgradeHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final String STREAM_PROTOCOL = "X-Stream-Protocol-Version";
    private static final String PORT_FORWARD = "portforward.k8s.io";
    private static final String TUNNEL = "SPDY/3.1+portforward.k8s.io";
    private static final int MAX_HEADERS = 64 * 1024;
    private static final int MAX_WEBSOCKET_FRAME = 1024 * 1024;

    /// A channel's number is one byte.
    private static final int MAX_CHANNELS = 254;

    private final StreamTokens tokens;
    private final SessionStarter starter;
    private final StreamMemory memory;
    private final WaitingClients clients;
    private final Duration limit;
    // Only the event loop touches it.
    private Optional<Future<?>> waiting = Optional.empty();

    /// @param clients who has connected and asked for nothing yet
    /// @param limit how long a client may take to ask; whoever only connects holds a descriptor
    UpgradeHandler(
            StreamTokens tokens,
            SessionStarter starter,
            StreamMemory memory,
            WaitingClients clients,
            Duration limit) {
        this.tokens = tokens;
        this.starter = starter;
        this.memory = memory;
        this.clients = clients;
        this.limit = limit;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        clients.add(context.channel());
        waiting =
                Optional.of(
                        context.executor()
                                .schedule(
                                        () -> context.close(),
                                        limit.toMillis(),
                                        TimeUnit.MILLISECONDS));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        clients.remove(context.channel());
        waiting.ifPresent(late -> late.cancel(false));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest http) {
        QueryStringDecoder uri = new QueryStringDecoder(http.uri());
        String[] path = uri.path().split("/", -1);
        if (!http.method().equals(HttpMethod.GET) && !http.method().equals(HttpMethod.POST)) {
            refuse(context, HttpResponseStatus.METHOD_NOT_ALLOWED, "wanted GET or POST");
            return;
        }
        boolean spdy = hasToken(http, "SPDY/3.1");
        boolean webSocket = hasToken(http, "websocket");
        if (!spdy && !webSocket) {
            // The token stays good: this was no attempt to use it.
            refuse(
                    context,
                    HttpResponseStatus.BAD_REQUEST,
                    "wanted an upgrade to SPDY/3.1 or websocket");
            return;
        }
        if (memory.isShort()) {
            // The token stays good here, too.
            refuse(
                    context,
                    HttpResponseStatus.SERVICE_UNAVAILABLE,
                    "other streams use too much memory");
            return;
        }
        Optional<StreamRequest> request =
                path.length == 3 && path[0].isEmpty()
                        ? tokens.redeem(path[1], path[2])
                        : Optional.empty();
        if (request.isEmpty()) {
            refuse(context, HttpResponseStatus.NOT_FOUND, "unknown, used or expired token");
        } else if (webSocket) {
            upgradeToWebSocket(context, http, uri, request.get());
        } else {
            upgradeToSpdy(context, http, request.get());
        }
    }

    private void upgradeToSpdy(
            ChannelHandlerContext context, FullHttpRequest http, StreamRequest request) {
        List<String> offered = listed(http, STREAM_PROTOCOL);
        boolean forward = request instanceof StreamRequest.PortForward;
        Optional<ChannelProtocol> protocol =
                forward
                        ? Optional.of(new ChannelProtocol(PORT_FORWARD, 1, false))
                                .filter(p -> offered.isEmpty() || offered.contains(p.name()))
                        : ChannelProtocol.forSpdy(offered);
        if (protocol.isEmpty()) {
            List<String> known = forward ? List.of(PORT_FORWARD) : ChannelProtocol.spdyNames();
            var response = response(HttpResponseStatus.FORBIDDEN, "no protocol in common");
            known.forEach(
                    name -> response.headers().add("X-Accepted-Stream-Protocol-Versions", name));
            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        HttpResponse switching =
                new DefaultHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
        switching.headers().set(HttpHeaderNames.CONNECTION, "Upgrade");
        switching.headers().set(HttpHeaderNames.UPGRADE, "SPDY/3.1");
        if (!offered.isEmpty()) {
            switching.headers().set(STREAM_PROTOCOL, protocol.get().name());
        }
        StreamConnection connection =
                new StreamConnection(context.channel(), ControlMessages.ofSpdy(), memory);
        SpdyChannels channels =
                new SpdyChannels(
                        connection, starter.spdyStreams(request, protocol.get(), connection));
        context.writeAndFlush(switching);
        ChannelPipeline pipeline = context.pipeline();
        addSpdy(pipeline, channels);
        // Removing the HTTP codec hands on what it had read too much.
        pipeline.remove(HttpObjectAggregator.class);
        pipeline.remove(HttpServerCodec.class);
        pipeline.remove(this);
    }

    static void addSpdy(ChannelPipeline pipeline, ChannelInboundHandler channels) {
        pipeline.addLast(new PausedReads());
        pipeline.addLast(
                new SpdyFrameCodec(
                        SpdyVersion.SPDY_3_1, StreamChannel.MAX_FRAME, MAX_HEADERS, 6, 15, 8));
        pipeline.addLast(channels);
    }

    private void upgradeToWebSocket(
            ChannelHandlerContext context,
            FullHttpRequest http,
            QueryStringDecoder uri,
            StreamRequest request) {
        List<String> offered = listed(http, "Sec-WebSocket-Protocol");
        if (request instanceof StreamRequest.PortForward && offered.contains(TUNNEL)) {
            StreamConnection connection =
                    new StreamConnection(context.channel(), ControlMessages.ofSpdy(), memory);
            ChannelProtocol protocol = new ChannelProtocol(PORT_FORWARD, 1, false);
            SpdyChannels channels =
                    new SpdyChannels(
                            connection, starter.spdyStreams(request, protocol, connection));
            handshake(
                    context,
                    http,
                    TUNNEL,
                    pipeline -> {
                        pipeline.addLast(new WebSocketTunnel(connection));
                        addSpdy(pipeline, channels);
                    });
            return;
        }
        Optional<ChannelProtocol> protocol = ChannelProtocol.forWebSocket(offered);
        if (protocol.isEmpty()) {
            refuse(context, HttpResponseStatus.FORBIDDEN, "no subprotocol in common");
            return;
        }
        List<Integer> ports;
        try {
            ports = portsOf(request, uri);
        } catch (NumberFormatException malformed) {
            refuse(context, HttpResponseStatus.BAD_REQUEST, "port is not a number");
            return;
        }
        int count = request instanceof StreamRequest.PortForward ? 2 * ports.size() : 5;
        if (count == 0 || count > MAX_CHANNELS) {
            refuse(
                    context,
                    HttpResponseStatus.BAD_REQUEST,
                    "wanted 1 to %d ports, not %d".formatted(MAX_CHANNELS / 2, ports.size()));
            return;
        }
        StreamConnection connection =
                new StreamConnection(context.channel(), ControlMessages.ofWebSocket(), memory);
        WebSocketChannels channels = new WebSocketChannels(connection, protocol.get(), count);
        handshake(
                context,
                http,
                protocol.get().name(),
                pipeline -> {
                    pipeline.addLast(channels);
                    starter.webSocketOpened(request, protocol.get(), connection, channels, ports);
                });
    }

    private static List<Integer> portsOf(StreamRequest request, QueryStringDecoder uri) {
        if (!(request instanceof StreamRequest.PortForward forward)) {
            return List.of();
        }
        List<String> asked = uri.parameters().getOrDefault("port", List.of());
        List<Integer> ports =
                asked.stream()
                        .flatMap(list -> Stream.of(list.split(",", -1)))
                        .map(Integer::valueOf)
                        .toList();
        return ports.isEmpty() ? forward.ports() : ports;
    }

    private void handshake(
            ChannelHandlerContext context,
            FullHttpRequest http,
            String subprotocol,
            java.util.function.Consumer<ChannelPipeline> install) {
        WebSocketServerHandshakerFactory factory =
                new WebSocketServerHandshakerFactory(
                        "",
                        subprotocol.isEmpty() ? null : subprotocol,
                        WebSocketDecoderConfig.newBuilder()
                                .maxFramePayloadLength(MAX_WEBSOCKET_FRAME)
                                .build());
        WebSocketServerHandshaker handshaker = factory.newHandshaker(http);
        if (handshaker == null) {
            WebSocketServerHandshakerFactory.sendUnsupportedVersionResponse(context.channel());
            return;
        }
        handshaker
                .handshake(context.channel(), http)
                .addListener(done -> {
                    if (!done.isSuccess()) {
                        context.close();
                        return;
                    }
                    ChannelPipeline pipeline = context.pipeline();
                    pipeline.remove(this);
                    install.accept(pipeline);
                });
    }

    /// Values of a header that may be repeated and may hold commas.
    private static List<String> listed(FullHttpRequest http, String header) {
        return http.headers().getAll(header).stream()
                .flatMap(value -> Stream.of(value.split(",", -1)))
                .map(String::strip)
                .filter(value -> !value.isEmpty())
                .toList();
    }

    private static boolean hasToken(FullHttpRequest http, String protocol) {
        String wanted = protocol.toLowerCase(Locale.ROOT);
        return listed(http, "Upgrade").stream()
                .anyMatch(value -> value.toLowerCase(Locale.ROOT).equals(wanted));
    }

    private static DefaultFullHttpResponse response(HttpResponseStatus status, String text) {
        var body = Unpooled.copiedBuffer(text + "\n", StandardCharsets.UTF_8);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        response.headers().set(HttpHeaderNames.CONNECTION, "close");
        return response;
    }

    private static void refuse(
            ChannelHandlerContext context, HttpResponseStatus status, String text) {
        context.writeAndFlush(response(status, text)).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
