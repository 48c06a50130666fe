package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of a command's output while its client reads nothing. With a loop of its own, since
/// only other threads than that of the loop may wait.
@Timeout(30)
final class PausedReaderTest {
    private static final ChannelProtocol V5 = new ChannelProtocol("v5.channel.k8s.io", 5, false);

    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
    private final CompletableFuture<Object> arrived = new CompletableFuture<>();
    private final Channel channel;
    private final StreamConnection connection;

    PausedReaderTest() throws Exception {
        LocalAddress address = new LocalAddress(PausedReaderTest.class);
        new ServerBootstrap()
                .group(loop)
                .channel(LocalServerChannel.class)
                .childHandler(initializer())
                .bind(address)
                .sync();
        channel =
                new Bootstrap()
                        .group(loop)
                        .channel(LocalChannel.class)
                        .handler(new ChannelInboundHandlerAdapter())
                        .connect(address)
                        .sync()
                        .channel();
        connection =
                new StreamConnection(channel, ControlMessages.ofWebSocket(), new StreamMemory());
    }

    private ChannelInitializer<Channel> initializer() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel accepted) {
                accepted.pipeline()
                        .addLast(
                                new ChannelInboundHandlerAdapter() {
                                    @Override
                                    public void channelRead(
                                            ChannelHandlerContext context, Object message) {
                                        arrived.complete(message);
                                    }
                                });
            }
        };
    }

    @AfterEach
    void close() throws Exception {
        var _ = arrived.thenAccept(ReferenceCountUtil::release);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    private void writable(boolean is) throws Exception {
        loop.submit(() -> channel.unsafe().outboundBuffer().setUserDefinedWritability(1, is))
                .sync();
        connection.writabilityChanged();
    }

    /// @return false when it was told that the client has gone
    private CompletableFuture<Boolean> writeOnAThreadThatWaits() {
        var written = new CompletableFuture<Boolean>();
        StreamChannel stream = new WebSocketChannels(connection, V5, 1).channel(0);
        Thread writer =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                stream.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                                written.complete(true);
                            } catch (UncheckedIOException _) {
                                written.complete(false);
                            }
                        });
        while (writer.getState() != Thread.State.WAITING) {
            assertThat(written).isNotDone();
            Thread.onSpinWait();
        }
        return written;
    }

    @Test
    void whoWritesWaitsAndGoesOn() throws Exception {
        writable(false);
        CompletableFuture<Boolean> written = writeOnAThreadThatWaits();
        assertThat(arrived).isNotDone();
        writable(true);
        assertThat(written.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(arrived.get(10, TimeUnit.SECONDS)).isNotNull();
    }

    @Test
    void whoWritesHearsThatTheClientHasGone() throws Exception {
        writable(false);
        CompletableFuture<Boolean> written = writeOnAThreadThatWaits();
        connection.closed();
        assertThat(written.get(10, TimeUnit.SECONDS)).isFalse();
        assertThat(arrived).isNotDone();
    }
}
