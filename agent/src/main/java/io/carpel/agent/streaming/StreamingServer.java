package io.carpel.agent.streaming;

import io.carpel.agent.streaming.StreamRequest.Streams;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnavailableException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The HTTP server behind Exec, Attach and PortForward. Thread-safe.
// A write that fails closes its channel, and that is seen where it matters.
@SuppressWarnings("FutureReturnValueIgnored")
public final class StreamingServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamingServer.class);
    private static final int MAX_REQUEST = 64 * 1024;

    private final EventLoopGroup loops;
    private final Channel listener;
    private final StreamTokens tokens;
    private final String base;

    private StreamingServer(
            EventLoopGroup loops, Channel listener, StreamTokens tokens, boolean tls) {
        this.loops = loops;
        this.listener = listener;
        this.tokens = tokens;
        InetSocketAddress at = (InetSocketAddress) listener.localAddress();
        String host = at.getAddress().getHostAddress();
        this.base =
                "%s://%s:%d"
                        .formatted(
                                tls ? "https" : "http",
                                host.indexOf(':') >= 0 ? "[" + host + "]" : host,
                                at.getPort());
    }

    /// Starts to listen.
    ///
    /// @throws UnavailableException when the address cannot be bound, or the TLS files are no good
    public static StreamingServer start(StreamingConfig config, StreamBackend backend) {
        StreamTokens tokens = new StreamTokens(Clock.systemUTC(), new SecureRandom());
        StreamMemory memory = new StreamMemory();
        ChannelInitializer<Channel> pipelines = pipelines(config, backend, tokens, memory);
        if (!config.address().isLoopbackAddress()
                && config.tls().flatMap(StreamingConfig.Tls::clientCa).isEmpty()) {
            LOG.warn(
                    "stream server listens on {} and asks nobody for a certificate: a token that is"
                            + " overheard is as good as its owner",
                    config.address().getHostAddress());
        }
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(loops)
                        .channel(EpollServerSocketChannel.class)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childOption(ChannelOption.ALLOCATOR, memory.allocator())
                        .childOption(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new AdaptiveRecvByteBufAllocator(512, 4096, StreamMemory.NARROW))
                        .childHandler(pipelines);
        try {
            Channel listener =
                    bootstrap
                            .bind(new InetSocketAddress(config.address(), config.port()))
                            .syncUninterruptibly()
                            .channel();
            LOG.info("stream server listens on {}", listener.localAddress());
            return new StreamingServer(loops, listener, tokens, config.tls().isPresent());
        } catch (Exception failure) {
            // Netty throws the checked BindException without declaring it.
            loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new UnavailableException(
                    "stream server cannot listen on %s port %d: %s"
                            .formatted(
                                    config.address().getHostAddress(),
                                    config.port(),
                                    failure.getMessage()),
                    failure);
        }
    }

    /// What each new connection passes through.
    private static ChannelInitializer<Channel> pipelines(
            StreamingConfig config,
            StreamBackend backend,
            StreamTokens tokens,
            StreamMemory memory) {
        ThreadFactory threads = Thread.ofVirtual().name("stream-", 0).factory();
        SessionStarter starter = new SessionStarter(backend, threads, config.creationTimeout());
        WaitingClients clients = new WaitingClients();
        Optional<ReloadingTls> tls = config.tls().map(ReloadingTls::new);
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                ChannelPipeline pipeline = channel.pipeline();
                pipeline.addLast(memory.guard());
                tls.ifPresent(
                        files -> pipeline.addLast(files.current().newHandler(channel.alloc())));
                pipeline.addLast(new IdleHandler(config));
                pipeline.addLast(new HttpServerCodec());
                pipeline.addLast(new HttpObjectAggregator(MAX_REQUEST));
                pipeline.addLast(
                        new UpgradeHandler(
                                tokens, starter, memory, clients, config.creationTimeout()));
            }
        };
    }

    /// Keeps the request until its client comes.
    ///
    /// @return the absolute URL to be given to the client
    /// @throws InvalidArgumentException when no stream is asked for, or a terminal with stderr
    public String urlFor(StreamRequest request) {
        if (!(request instanceof StreamRequest.PortForward)) {
            Streams streams = RemoteCommandHandler.streamsOf(request);
            if (!streams.stdin() && !streams.stdout() && !streams.stderr()) {
                throw new InvalidArgumentException("one of stdin, stdout and stderr must be set");
            }
            if (streams.tty() && streams.stderr()) {
                throw new InvalidArgumentException(
                        "stderr cannot be set with tty: a terminal has one output");
            }
        }
        return base + "/" + request.verb() + "/" + tokens.issue(request);
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static final class IdleHandler extends IdleStateHandler {
        IdleHandler(StreamingConfig config) {
            super(0, 0, config.idleTimeout().toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
            LOG.debug("closing a stream connection on which nothing moved");
            context.close();
        }
    }
}
