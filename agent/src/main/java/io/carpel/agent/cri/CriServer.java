package io.carpel.agent.cri;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gRPC server on its unix socket.
public final class CriServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CriServer.class);

    /// Requests may hold large environments and annotations: as much as other runtimes accept.
    private static final int MESSAGE_BYTES = 80 << 20;

    /// How long calls under way may go on after [#close].
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final SocketFile socket;
    private final EventLoopGroup boss;
    private final EventLoopGroup workers;
    private final ExecutorService calls;
    private final Server server;

    /// @param socket where to listen; its directory is made when missing
    /// @param interceptor runs around every call of every service
    public CriServer(Path socket, CallInterceptor interceptor, List<BindableService> services) {
        this.socket = new SocketFile(socket);
        // Few clients, and calls run elsewhere: one thread to accept, two to move bytes.
        boss = group("cri-accept", 1);
        workers = group("cri-io", 2);
        calls =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofVirtual().name("cri-call-", 0).factory());
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(
                                new DomainSocketAddress(this.socket.beside().toString()))
                        .channelType(EpollServerDomainSocketChannel.class)
                        .bossEventLoopGroup(boss)
                        .workerEventLoopGroup(workers)
                        .executor(calls)
                        .maxInboundMessageSize(MESSAGE_BYTES)
                        // Clients ping as often as they like: a node's own kubelet does no harm.
                        .permitKeepAliveWithoutCalls(true)
                        .permitKeepAliveTime(1, TimeUnit.SECONDS);
        services.forEach(
                service -> builder.addService(ServerInterceptors.intercept(service, interceptor)));
        server = builder.build();
    }

    private static EventLoopGroup group(String name, int threads) {
        return new MultiThreadIoEventLoopGroup(
                threads, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory());
    }

    /// Listens. After this returns, clients can connect.
    ///
    /// @throws IOException when the socket's directory is not safe, or somebody else serves there
    public void start() throws IOException {
        boolean published = false;
        try {
            socket.prepare();
            server.start();
            socket.publish();
            published = true;
        } finally {
            if (!published) {
                server.shutdownNow();
                Files.deleteIfExists(socket.beside());
            }
        }
        LOG.info("serving CRI on {}", socket);
    }

    /// Takes no more calls, lets those under way end for a while, and removes the socket.
    @Override
    public void close() {
        server.shutdown();
        try {
            socket.remove();
            if (!server.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
                server.awaitTermination(1, TimeUnit.SECONDS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException _) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        } finally {
            stop(boss);
            stop(workers);
            calls.shutdown();
        }
    }

    private static void stop(EventLoopGroup group) {
        if (!group.shutdownGracefully(0, 1, TimeUnit.SECONDS)
                .awaitUninterruptibly(2, TimeUnit.SECONDS)) {
            LOG.warn("threads of the CRI server did not end in time");
        }
    }
}
