package io.carpel.agent.streaming;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/// A client that behaves as client-go's: no flow control of its own, streams with odd ids.
final class SpdyClient implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Map<Integer, Incoming> streams = new ConcurrentHashMap<>();
    private final CompletableFuture<Integer> answer = new CompletableFuture<>();
    private final Channel channel;
    private volatile int pause;
    private int nextId = 1;

    SpdyClient(String url, String protocol) throws Exception {
        this(url, protocol, Optional.empty());
    }

    SpdyClient(String url, String protocol, Optional<SSLContext> tls) throws Exception {
        URI uri = URI.create(url);
        channel =
                connect(
                        uri,
                        pipeline -> {
                            tls.ifPresent(context -> {
                                SSLEngine engine = context.createSSLEngine();
                                engine.setUseClientMode(true);
                                pipeline.addLast(new SslHandler(engine));
                            });
                            pipeline.addLast(new HttpClientCodec());
                            pipeline.addLast(new HttpObjectAggregator(65536));
                            pipeline.addLast(new Receiver());
                        });
        var request =
                new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, uri.getPath());
        request.headers().set("Connection", "Upgrade").set("Upgrade", "SPDY/3.1");
        request.headers().set("Host", "x").set("X-Stream-Protocol-Version", protocol);
        channel.writeAndFlush(request).sync();
    }

    /// Speaks inside the messages of a WebSocket instead.
    ///
    /// @param offered subprotocols
    SpdyClient(String url, TunnelEnd tunnel, String offered) throws Exception {
        URI uri = URI.create(url);
        channel =
                connect(
                        uri,
                        pipeline -> {
                            pipeline.addLast(new HttpClientCodec());
                            pipeline.addLast(new HttpObjectAggregator(65536));
                            pipeline.addLast(TunnelEnd.handshake(uri, offered));
                            pipeline.addLast(tunnel.whenOpen());
                            pipeline.addLast(new Receiver());
                        });
    }

    private Channel connect(URI uri, Consumer<ChannelPipeline> handlers) throws Exception {
        return new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .handler(
                        new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel made) {
                                handlers.accept(made.pipeline());
                            }
                        })
                .connect(uri.getHost(), uri.getPort())
                .sync()
                .channel();
    }

    private Incoming stream(int id) {
        return streams.computeIfAbsent(id, _ -> new Incoming());
    }

    private static final class Incoming {
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<Boolean> end = new CompletableFuture<>();
    }

    /// From now on waits so many milliseconds with each piece of data that comes, and lets the
    /// kernel keep little of what is still to come.
    void readSlowly(int milliseconds) {
        channel.config().setOption(ChannelOption.SO_RCVBUF, 1 << 16);
        pause = milliseconds;
    }

    int status() throws Exception {
        return answer.get(10, TimeUnit.SECONDS);
    }

    int open(Map<String, String> headers) throws Exception {
        status();
        int id = nextId;
        nextId += 2;
        stream(id);
        var open = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
        headers.forEach((name, value) ->
                open.headers().set(name.toLowerCase(java.util.Locale.ROOT), value));
        channel.writeAndFlush(open).sync();
        return id;
    }

    void send(int stream, String text, boolean last) throws Exception {
        var frame =
                new DefaultSpdyDataFrame(
                        stream, Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
        frame.setLast(last);
        channel.writeAndFlush(frame).sync();
    }

    /// Sends without waiting for the server to take it.
    void sendLater(int stream, String text) {
        var _ =
                channel.writeAndFlush(
                        new DefaultSpdyDataFrame(
                                stream, Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1)),
                        channel.voidPromise());
    }

    /// What came on the stream until its end; the end may be a reset.
    String all(int stream) throws Exception {
        stream(stream).end.get(20, TimeUnit.SECONDS);
        return stream(stream).text.toString();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class Receiver extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message)
                throws InterruptedException {
            switch (message) {
                case FullHttpResponse response -> {
                    response.release();
                    answer.complete(response.status().code());
                    if (response.status().code() == 101) {
                        context.pipeline()
                                .addBefore(
                                        context.name(),
                                        "spdy",
                                        new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
                        context.pipeline().remove(HttpObjectAggregator.class);
                        context.pipeline().remove(HttpClientCodec.class);
                    }
                }
                case SpdyDataFrame data -> {
                    Thread.sleep(pause);
                    stream(data.streamId())
                            .text
                            .append(data.content().toString(StandardCharsets.ISO_8859_1));
                    data.release();
                    if (data.isLast()) {
                        stream(data.streamId()).end.complete(true);
                    }
                }
                case SpdyRstStreamFrame reset -> stream(reset.streamId()).end.complete(false);
                default -> {}
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
                answer.complete(101);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
            var _ = context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            answer.completeExceptionally(new java.io.IOException("closed"));
            streams.values().forEach(stream -> stream.end.complete(false));
        }
    }
}
