package io.carpel.agent.streaming;

import io.carpel.agent.streaming.RemoteCommandHandler.Channels;
import io.carpel.agent.streaming.StreamRequest.Streams;
import io.netty.util.concurrent.Future;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Knows which streams a request is made of, and starts its handler once they are there. Its
/// methods run on the event loop; what they start has threads of its own.
final class SessionStarter {
    private static final Logger LOG = LoggerFactory.getLogger(SessionStarter.class);
    private static final int RESIZE_CHANNEL = 4;

    private final RemoteCommandHandler commands;
    private final PortForwardHandler forwards;
    private final ThreadFactory threads;
    private final Duration creationTimeout;

    SessionStarter(StreamBackend backend, ThreadFactory threads, Duration creationTimeout) {
        this.commands = new RemoteCommandHandler(backend, threads);
        this.forwards = new PortForwardHandler(backend, threads);
        this.threads = threads;
        this.creationTimeout = creationTimeout;
    }

    /// What is to be called for each stream that a SPDY client opens.
    Consumer<StreamChannel> spdyStreams(
            StreamRequest request, ChannelProtocol protocol, StreamConnection connection) {
        if (request instanceof StreamRequest.PortForward forward) {
            return new SpdyPairs((data, error) -> forward(forward.sandboxId(), data, error))
                    ::opened;
        }
        SpdyCommand command = new SpdyCommand(request, protocol, connection);
        Future<?> late =
                connection
                        .channel()
                        .eventLoop()
                        .schedule(
                                command::giveUp, creationTimeout.toMillis(), TimeUnit.MILLISECONDS);
        // Or it would hold on to the connection for as long.
        Future<?> _ = connection.channel().closeFuture().addListener(_ -> late.cancel(false));
        return command::opened;
    }

    private void forward(String sandboxId, StreamChannel data, StreamChannel error) {
        int port;
        try {
            port = Integer.parseInt(data.header("port"));
        } catch (NumberFormatException malformed) {
            LOG.debug("stream without a port", malformed);
            data.reset();
            error.reset();
            return;
        }
        threads.newThread(() -> forwards.run(sandboxId, port, data, error)).start();
    }

    /// A WebSocket is open: all its channels exist at once.
    void webSocketOpened(
            StreamRequest request,
            ChannelProtocol protocol,
            StreamConnection connection,
            WebSocketChannels channels,
            List<Integer> ports) {
        if (request instanceof StreamRequest.PortForward forward) {
            forwardAll(forward.sandboxId(), connection, channels, ports);
            return;
        }
        Streams wanted = RemoteCommandHandler.streamsOf(request);
        Channels set =
                new Channels(
                        connection,
                        protocol,
                        channels.channel(3),
                        wanted.stdin() ? Optional.of(channels.channel(0)) : Optional.empty(),
                        wanted.stdout() ? Optional.of(channels.channel(1)) : Optional.empty(),
                        wanted.stderr() ? Optional.of(channels.channel(2)) : Optional.empty(),
                        wanted.tty()
                                ? Optional.of(channels.channel(RESIZE_CHANNEL))
                                : Optional.empty());
        threads.newThread(
                        () -> {
                            // Clients take the first message as a sign that the session is up.
                            set.stdout().or(set::stderr).ifPresent(StreamChannel::writeEmpty);
                            commands.run(request, set);
                        })
                .start();
    }

    /// No message says that a channel has ended, so the connection is closed with the last of them.
    private void forwardAll(
            String sandboxId,
            StreamConnection connection,
            WebSocketChannels channels,
            List<Integer> ports) {
        AtomicInteger left = new AtomicInteger(ports.size());
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(i);
            StreamChannel data = channels.channel(2 * i);
            StreamChannel error = channels.channel(2 * i + 1);
            threads.newThread(
                            () -> {
                                try {
                                    announce(port, data);
                                    announce(port, error);
                                    forwards.run(sandboxId, port, data, error);
                                } catch (UncheckedIOException gone) {
                                    LOG.debug("client left before port {} was dialled", port);
                                } finally {
                                    if (left.decrementAndGet() == 0) {
                                        connection.close();
                                    }
                                }
                            })
                    .start();
        }
    }

    /// The first message of each channel is its port, two bytes, least significant first.
    private static void announce(int port, StreamChannel channel) {
        channel.write(ByteBuffer.wrap(new byte[] {(byte) port, (byte) (port >> 8)}));
    }

    /// Collects the streams of one command. Runs on the event loop only.
    private final class SpdyCommand {
        private final StreamRequest request;
        private final ChannelProtocol protocol;
        private final StreamConnection connection;
        private final Map<String, StreamChannel> streams = new HashMap<>();
        private boolean started;

        SpdyCommand(StreamRequest request, ChannelProtocol protocol, StreamConnection connection) {
            this.request = request;
            this.protocol = protocol;
            this.connection = connection;
        }

        void opened(StreamChannel stream) {
            String type = stream.header("streamtype");
            if (started || !isWanted(type) || streams.putIfAbsent(type, stream) != null) {
                stream.reset();
                return;
            }
            Streams wanted = RemoteCommandHandler.streamsOf(request);
            boolean complete =
                    streams.containsKey("error")
                            && (!wanted.stdin() || streams.containsKey("stdin"))
                            && (!wanted.stdout() || streams.containsKey("stdout"))
                            && (!wanted.stderr() || streams.containsKey("stderr"))
                            && (!wanted.tty()
                                    || !protocol.resizes()
                                    || streams.containsKey("resize"));
            if (complete) {
                started = true;
                Channels set = channels();
                threads.newThread(() -> commands.run(request, set)).start();
            }
        }

        private boolean isWanted(String type) {
            Streams wanted = RemoteCommandHandler.streamsOf(request);
            return switch (type) {
                case "error" -> true;
                case "stdin" -> wanted.stdin();
                case "stdout" -> wanted.stdout();
                case "stderr" -> wanted.stderr();
                case "resize" -> wanted.tty() && protocol.resizes();
                default -> false;
            };
        }

        private Channels channels() {
            return new Channels(
                    connection,
                    protocol,
                    java.util.Objects.requireNonNull(streams.get("error")),
                    Optional.ofNullable(streams.get("stdin")),
                    Optional.ofNullable(streams.get("stdout")),
                    Optional.ofNullable(streams.get("stderr")),
                    Optional.ofNullable(streams.get("resize")));
        }

        void giveUp() {
            if (!started) {
                LOG.debug(
                        "client of {} opened {} only within {}",
                        request.verb(),
                        streams.keySet(),
                        creationTimeout);
                Future<?> _ = connection.channel().close();
            }
        }
    }
}
