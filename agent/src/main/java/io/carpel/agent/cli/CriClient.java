package io.carpel.agent.cli;

import io.carpel.agent.control.WorkProtocol;
import io.carpel.cri.ImageServiceGrpc;
import io.carpel.cri.ImageServiceGrpc.ImageServiceBlockingStub;
import io.carpel.cri.RuntimeServiceGrpc;
import io.carpel.cri.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A client of the CRI socket, as the kubelet is one.
final class CriClient implements AutoCloseable {
    private static final int MAX_MESSAGE = 64 << 20;

    private final Path socket;
    private final EventLoopGroup loop;
    private final ManagedChannel channel;

    CriClient(Path socket) {
        this.socket = socket;
        this.loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        this.channel =
                NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                        .channelType(EpollDomainSocketChannel.class)
                        .eventLoopGroup(loop)
                        .overrideAuthority("localhost")
                        .maxInboundMessageSize(MAX_MESSAGE)
                        .disableRetry()
                        .intercept(callerTrace(System.getenv()))
                        .usePlaintext()
                        .build();
    }

    /// Makes the agent's spans part of the trace in which this command runs, when its caller names
    /// one: `TRACEPARENT`, in the form of the W3C header. The agent ignores what is no such thing.
    static List<ClientInterceptor> callerTrace(Map<String, String> environment) {
        String parent = environment.getOrDefault("TRACEPARENT", "");
        if (!parent.matches("[0-9a-f-]{1,64}")) {
            return List.of();
        }
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), parent);
        return List.of(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    Path socket() {
        return socket;
    }

    ManagedChannel channel() {
        return channel;
    }

    /// Calls that must answer within a time.
    RuntimeServiceBlockingStub runtime(Duration deadline) {
        return RuntimeServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    }

    ImageServiceBlockingStub images(Duration deadline) {
        return ImageServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// A pull has no deadline but the user's patience.
    ImageServiceBlockingStub images() {
        return ImageServiceGrpc.newBlockingStub(channel);
    }

    /// What the agent is doing at this moment.
    List<WorkProtocol.Pending> work(Duration deadline) {
        return ClientCalls.blockingUnaryCall(
                        channel,
                        WorkProtocol.LIST,
                        CallOptions.DEFAULT.withDeadlineAfter(deadline),
                        new WorkProtocol.Ask())
                .work();
    }

    /// What a failed call means to the person at the terminal.
    static String explain(StatusRuntimeException failure, String socket) {
        String text = failure.getStatus().getDescription();
        String detail = text == null ? "" : text;
        return switch (failure.getStatus().getCode()) {
            case UNAVAILABLE ->
                    "no agent answers at %s: %s (is `carpel serve` running?)"
                            .formatted(socket, cause(failure, detail));
            case DEADLINE_EXCEEDED -> "the agent took too long: " + detail;
            // grpc-java's own words for a method nobody serves; ours say what this host lacks.
            case UNIMPLEMENTED ->
                    detail.startsWith("Method not found")
                            ? "the agent does not know this call: " + detail
                            : detail;
            default ->
                    detail.isEmpty()
                            ? "the agent answered " + failure.getStatus().getCode()
                            : detail;
        };
    }

    private static String cause(Throwable failure, String detail) {
        String message = detail;
        Throwable cause = failure.getCause();
        while (cause != null) {
            message = String.valueOf(cause.getMessage());
            cause = cause.getCause();
        }
        return message.isEmpty() ? "unavailable" : message;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
