package io.carpel.agent.cri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.carpel.agent.events.EventBroadcaster;
import io.carpel.agent.image.Images;
import io.carpel.agent.image.PodImageService;
import io.carpel.agent.image.WaitingPods;
import io.carpel.agent.pod.FakeContainers;
import io.carpel.agent.pod.FakeSandboxes;
import io.carpel.agent.pod.NodeService;
import io.carpel.agent.pod.PodContainerService;
import io.carpel.agent.pod.PodNames;
import io.carpel.agent.pod.PodSandboxService;
import io.carpel.agent.pod.RandomIds;
import io.carpel.agent.stats.FakeCounters;
import io.carpel.agent.stats.FakeUsages;
import io.carpel.agent.stats.PodMetricsService;
import io.carpel.agent.stats.StatsService;
import io.carpel.agent.translate.InfoTranslator;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.CheckpointPodRequest;
import io.carpel.cri.ContainerEventResponse;
import io.carpel.cri.ContainerStatusRequest;
import io.carpel.cri.ExecRequest;
import io.carpel.cri.GetEventsRequest;
import io.carpel.cri.ImageServiceGrpc;
import io.carpel.cri.ImageStatusRequest;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxStatusRequest;
import io.carpel.cri.RunPodSandboxRequest;
import io.carpel.cri.RuntimeServiceGrpc;
import io.carpel.cri.StreamPodSandboxesRequest;
import io.carpel.cri.StreamPodSandboxesResponse;
import io.carpel.cri.VersionRequest;
import io.carpel.runtime.network.NetworkKind;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.work.WorkBoard;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.ObjectMapper;

/// The whole agent side over a real unix socket; only what lies below the managers is fake.
@Timeout(60)
final class CriServerTest {
    @TempDir private Path directory;

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final EventLoopGroup clients =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final FakeContainers containers = new FakeContainers();
    private final Readiness readiness = new Readiness();
    private final LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final EventBroadcaster events =
            new EventBroadcaster(sandboxes, containers, Clock.systemUTC(), executor);
    private Path socket;
    private CriServer server;

    @BeforeEach
    void start() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        socket = directory.resolve("carpel.sock");
        server = server(socket);
        server.start();
        log.start();
        logger().setLevel(Level.INFO);
        logger().addAppender(log);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(CallInterceptor.class);
    }

    private CriServer server(Path path) {
        ObjectMapper json = new ObjectMapper();
        InfoTranslator info = new InfoTranslator(json, new WorkBoard(Clock.systemUTC()));
        PodSandboxService.Tools tools =
                new PodSandboxService.Tools(new RandomIds(), Clock.systemUTC(), executor);
        NodeService node =
                new NodeService(
                        new NodeService.Facts(
                                "0.1.0", Set::of, Requests.ABLE, false, "/v", Map.of()),
                        () ->
                                new NetworkStatus(
                                        true, "ok", NetworkKind.BRIDGE, "carpel0", "OK", List.of()),
                        _ -> {},
                        json);
        Images noImages =
                (Images)
                        Proxy.newProxyInstance(
                                Images.class.getClassLoader(),
                                new Class<?>[] {Images.class},
                                (_, _, _) -> {
                                    throw new IllegalStateException("the store is broken");
                                });
        return new CriServer(
                path,
                new CallInterceptor(
                        readiness,
                        (method, code, _) -> seen.add(method + " " + code),
                        System::nanoTime,
                        PodNames.of(sandboxes, containers)),
                List.of(
                        new CriRuntimeService(
                                new PodSandboxService(
                                        sandboxes, containers, Requests.sandboxes(), info, tools),
                                new PodContainerService(
                                        sandboxes, containers, Requests.containers(), info, tools),
                                node,
                                new CriRuntimeService.Feeds(
                                        new StatsService(
                                                sandboxes, containers, new FakeUsages(), "/v"),
                                        events,
                                        new PodMetricsService(
                                                new FakeCounters(), new FakeUsages())),
                                StreamUrls.NONE),
                        new CriImageService(
                                new PodImageService(noImages, Set::of, WaitingPods.NONE, json))));
    }

    @AfterEach
    void stop() {
        logger().detachAppender(log);
        logger().setLevel(null);
        channels.forEach(ManagedChannel::shutdownNow);
        events.close();
        server.close();
        executor.shutdownNow();
        clients.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private ManagedChannel channel() {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                        .channelType(EpollDomainSocketChannel.class)
                        .eventLoopGroup(clients)
                        .usePlaintext()
                        .maxInboundMessageSize(64 << 20)
                        .build();
        channels.add(channel);
        return channel;
    }

    private RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
        return RuntimeServiceGrpc.newBlockingStub(channel())
                .withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    private static Status.Code code(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        StatusRuntimeException failure =
                org.assertj.core.api.Assertions.catchThrowableOfType(
                        StatusRuntimeException.class, call);
        return failure.getStatus().getCode();
    }

    @Test
    void callsWaitForRecovery() {
        var runtime = runtime();
        assertThat(code(() -> runtime.version(VersionRequest.getDefaultInstance())))
                .isEqualTo(Status.Code.UNAVAILABLE);
        readiness.open();
        assertThat(runtime.version(VersionRequest.getDefaultInstance()).getRuntimeName())
                .isEqualTo("carpel");
    }

    @Test
    void theSocketIsForItsOwnerAndGroupOnly() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-rw----");
        assertThat(directory).isDirectoryContaining("glob:**carpel.sock");
        assertThat(directory).isDirectoryNotContaining("glob:**.new");
    }

    @Test
    void largeRequestsAndAnswersPass() {
        readiness.open();
        var runtime = runtime();
        String large = "x".repeat(20 << 20);
        String id =
                runtime.runPodSandbox(
                                RunPodSandboxRequest.newBuilder()
                                        .setConfig(
                                                Requests.sandbox().putAnnotations("large", large))
                                        .build())
                        .getPodSandboxId();
        assertThat(
                        runtime.podSandboxStatus(
                                        PodSandboxStatusRequest.newBuilder()
                                                .setPodSandboxId(id)
                                                .build())
                                .getStatus()
                                .getAnnotationsOrThrow("large"))
                .isEqualTo(large);
    }

    @Test
    void failuresHaveTheirCodeAndOneLine() {
        readiness.open();
        var runtime = runtime();
        assertThat(
                        code(() ->
                                runtime.containerStatus(
                                        ContainerStatusRequest.newBuilder()
                                                .setContainerId("dead")
                                                .build())))
                .isEqualTo(Status.Code.NOT_FOUND);
        assertThat(code(() -> runtime.exec(ExecRequest.getDefaultInstance())))
                .isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(code(() -> runtime.checkpointPod(CheckpointPodRequest.getDefaultInstance())))
                .isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(
                        code(() ->
                                ImageServiceGrpc.newBlockingStub(channel())
                                        .imageStatus(
                                                ImageStatusRequest.newBuilder()
                                                        .setImage(
                                                                io.carpel.cri.ImageSpec.newBuilder()
                                                                        .setImage("a"))
                                                        .build())))
                .isEqualTo(Status.Code.INTERNAL);
        assertThat(seen)
                .containsExactly(
                        "RuntimeService/ContainerStatus NOT_FOUND",
                        "RuntimeService/Exec UNIMPLEMENTED",
                        "RuntimeService/CheckpointPod UNIMPLEMENTED",
                        "ImageService/ImageStatus INTERNAL");
        assertThat(log.list).hasSize(4);
        assertThat(log.list.getFirst().getFormattedMessage())
                .startsWith("ContainerStatus container=dead NOT_FOUND in ")
                .endsWith(" ms: container 'dead' does not exist");
    }

    @Test
    void theRetryAfterADeadlineGetsTheFirstCallsSandbox() throws Exception {
        readiness.open();
        CountDownLatch go = new CountDownLatch(1);
        sandboxes.duringRun =
                () -> {
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                };
        RunPodSandboxRequest request =
                RunPodSandboxRequest.newBuilder().setConfig(Requests.sandbox()).build();
        assertThat(
                        code(() ->
                                RuntimeServiceGrpc.newBlockingStub(channel())
                                        .withDeadlineAfter(200, TimeUnit.MILLISECONDS)
                                        .runPodSandbox(request)))
                .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        // The client's reset may arrive before the server's own timer fires.
        assertThat(seen.poll(10, TimeUnit.SECONDS))
                .isIn(
                        "RuntimeService/RunPodSandbox DEADLINE_EXCEEDED",
                        "RuntimeService/RunPodSandbox CANCELLED");
        go.countDown();
        String id = runtime().runPodSandbox(request).getPodSandboxId();
        assertThat(sandboxes.list()).singleElement().extracting("id").isEqualTo(id);
        assertThat(sandboxes.runs).hasValue(1);
    }

    @Test
    void aStreamHasEveryItemOnce() {
        readiness.open();
        var runtime = runtime();
        List<String> made = new ArrayList<>();
        String half = "x".repeat(600 << 10);
        for (int i = 0; i < 5; i++) {
            var config = Requests.sandbox().putAnnotations("half", half);
            config.getMetadataBuilder().setAttempt(i);
            made.add(
                    runtime.runPodSandbox(
                                    RunPodSandboxRequest.newBuilder().setConfig(config).build())
                            .getPodSandboxId());
        }
        List<String> streamed = new ArrayList<>();
        List<Integer> batches = new ArrayList<>();
        runtime.streamPodSandboxes(StreamPodSandboxesRequest.getDefaultInstance())
                .forEachRemaining((StreamPodSandboxesResponse batch) -> {
                    batches.add(batch.getPodSandboxesCount());
                    batch.getPodSandboxesList().stream()
                            .map(PodSandbox::getId)
                            .forEach(streamed::add);
                });
        assertThat(batches).containsExactly(2, 2, 1);
        assertThat(streamed).containsExactlyInAnyOrderElementsOf(made);
        assertThat(
                        runtime.listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                                .getItemsList())
                .hasSize(5);
    }

    @Test
    void eventsComeAsTheyHappenUntilTheServerEndsThem() throws Exception {
        readiness.open();
        LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
        RuntimeServiceGrpc.newStub(channel())
                .getContainerEvents(
                        GetEventsRequest.getDefaultInstance(),
                        new StreamObserver<>() {
                            @Override
                            public void onNext(ContainerEventResponse event) {
                                heard.add(
                                        event.getContainerEventType()
                                                + " "
                                                + event.getPodSandboxStatus().getState());
                            }

                            @Override
                            public void onError(Throwable failure) {
                                heard.add(Status.fromThrowable(failure).getCode().name());
                            }

                            @Override
                            public void onCompleted() {
                                heard.add("completed");
                            }
                        });
        // The subscription has no answer of its own: pods come and go until one is heard of.
        var runtime = runtime();
        String first = null;
        for (int i = 0; first == null; i++) {
            var config = Requests.sandbox();
            config.getMetadataBuilder().setAttempt(i);
            runtime.runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(config).build());
            first = heard.poll(100, TimeUnit.MILLISECONDS);
        }
        assertThat(first).isEqualTo("CONTAINER_CREATED_EVENT SANDBOX_READY");
        assertThat(heard.poll(10, TimeUnit.SECONDS))
                .isEqualTo("CONTAINER_STARTED_EVENT SANDBOX_READY");
        events.close();
        String last = heard.poll(10, TimeUnit.SECONDS);
        while (last != null && last.startsWith("CONTAINER")) {
            last = heard.poll(10, TimeUnit.SECONDS);
        }
        assertThat(last).isEqualTo("UNAVAILABLE");
    }

    @Test
    void aSocketInUseIsNotTaken() {
        CriServer second = server(socket);
        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessage("another process answers on socket " + socket);
        second.close();
        readiness.open();
        assertThat(runtime().version(VersionRequest.getDefaultInstance()).getVersion())
                .isNotEmpty();
    }

    @Test
    void aSocketNobodyServesIsReplaced() throws IOException {
        server.close();
        assertThat(socket).doesNotExist();
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        server = server(socket);
        server.start();
        readiness.open();
        assertThat(runtime().version(VersionRequest.getDefaultInstance()).getVersion())
                .isNotEmpty();
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws IOException {
        Path file = directory.resolve("precious");
        Files.writeString(file, "data");
        try (CriServer other = server(file)) {
            assertThatThrownBy(other::start).hasMessage(file + " exists and is not a socket");
        }
        assertThat(file).content().isEqualTo("data");
    }

    @Test
    void aDirectoryOthersMayWriteIsRefused() throws IOException {
        Path open = directory.resolve("open");
        Files.createDirectory(open);
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (CriServer other = server(open.resolve("s"))) {
            assertThatThrownBy(other::start)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("may be written by others");
        }
        assertThat(open).isEmptyDirectory();
    }

    @Test
    void aPathTooLongForASocketIsNamed() {
        Path deep = directory.resolve("d".repeat(120)).resolve("s");
        try (CriServer other = server(deep)) {
            assertThatThrownBy(other::start)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is too long");
        }
    }
}
