package io.carpel.agent;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.BuildInfo;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.HandlerSettings;
import io.carpel.agent.config.RuntimeSettings;
import io.carpel.agent.control.ImageControl;
import io.carpel.agent.control.WorkControl;
import io.carpel.agent.cri.CallInterceptor;
import io.carpel.agent.cri.CriImageService;
import io.carpel.agent.cri.CriRuntimeService;
import io.carpel.agent.cri.CriServer;
import io.carpel.agent.cri.Readiness;
import io.carpel.agent.events.EventBroadcaster;
import io.carpel.agent.image.Images;
import io.carpel.agent.image.PodImageService;
import io.carpel.agent.image.WaitingPods;
import io.carpel.agent.metrics.Observation;
import io.carpel.agent.pod.Containers;
import io.carpel.agent.pod.NodeService;
import io.carpel.agent.pod.PodContainerService;
import io.carpel.agent.pod.PodNames;
import io.carpel.agent.pod.PodSandboxService;
import io.carpel.agent.pod.RandomIds;
import io.carpel.agent.pod.Sandboxes;
import io.carpel.agent.stats.Counters;
import io.carpel.agent.stats.PodMetricsService;
import io.carpel.agent.stats.StatsService;
import io.carpel.agent.stats.Usages;
import io.carpel.agent.streaming.RuntimeStreams;
import io.carpel.agent.streaming.StreamRequests;
import io.carpel.agent.streaming.StreamingConfig;
import io.carpel.agent.streaming.StreamingServer;
import io.carpel.agent.translate.ContainerTranslator;
import io.carpel.agent.translate.Handlers;
import io.carpel.agent.translate.HostAbilities;
import io.carpel.agent.translate.InfoTranslator;
import io.carpel.agent.translate.SandboxTranslator;
import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.HostAccess;
import io.carpel.runtime.RuntimeConfig;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.host.KernelFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/// The whole wiring, top to bottom. Opened it has recovered what lives from before and answers;
/// closed it has let go, while containers run on.
final class Agent implements AutoCloseable {
    private final Ground ground;
    private final EventBroadcaster events;
    private final StreamingServer streams;
    private final CriServer server;

    private Agent(
            Ground ground, EventBroadcaster events, StreamingServer streams, CriServer server) {
        this.ground = ground;
        this.events = events;
        this.streams = streams;
        this.server = server;
    }

    /// Opens the runtime and serves.
    ///
    /// @param observation looks on
    /// @throws IOException when the socket cannot be made
    static Agent open(AgentConfig config, Observation observation) throws IOException {
        ContainerRuntime runtime =
                ContainerRuntime.open(RuntimeSettings.of(config), observation.watches());
        ExecutorService work =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("work-", 0).factory());
        boolean serving = false;
        Optional<StreamingServer> started = Optional.empty();
        try {
            var events =
                    new EventBroadcaster(
                            Sandboxes.of(runtime.sandboxes()),
                            Containers.of(runtime.containers(), runtime.execs()),
                            Clock.systemUTC(),
                            work);
            StreamingServer streams =
                    StreamingServer.start(StreamingConfig.of(config), new RuntimeStreams(runtime));
            started = Optional.of(streams);
            Ground ground =
                    new Ground(config, runtime, HandlerSettings.of(config), work, observation);
            CriServer server = server(ground, events, streams);
            server.start();
            observation.watch(runtime);
            serving = true;
            return new Agent(ground, events, streams, server);
        } finally {
            if (!serving) {
                started.ifPresent(StreamingServer::close);
                work.shutdownNow();
                runtime.close();
            }
        }
    }

    /// What all services stand on.
    private record Ground(
            AgentConfig config,
            ContainerRuntime runtime,
            Handlers handlers,
            ExecutorService work,
            Observation observation) {}

    private static CriServer server(
            Ground ground, EventBroadcaster events, StreamingServer streams) {
        AgentConfig config = ground.config();
        ContainerRuntime runtime = ground.runtime();
        ObjectMapper json = JsonMapper.shared();
        Handlers handlers = ground.handlers();
        KernelFeatures kernel = HostAccess.probe(runtime.config());
        HostAbilities host = HostAbilities.of(kernel);
        Sandboxes sandboxes = Sandboxes.of(runtime.sandboxes());
        Containers containers = Containers.of(runtime.containers(), runtime.execs());
        InfoTranslator info = new InfoTranslator(json, runtime.work());
        var tools =
                new PodSandboxService.Tools(
                        new RandomIds(),
                        Clock.systemUTC(),
                        ground.observation().carrying(ground.work()));
        var pods =
                new PodSandboxService(
                        sandboxes, containers, new SandboxTranslator(host, handlers), info, tools);
        var members =
                new PodContainerService(
                        sandboxes,
                        containers,
                        new ContainerTranslator(host, handlers),
                        info,
                        tools);
        NodeService node = node(ground, kernel, host, json);
        var images =
                new PodImageService(
                        Images.of(runtime.images(), runtime.puller(), runtime.stats()),
                        handlers::names,
                        WaitingPods.of(sandboxes, runtime.work()),
                        json);
        return new CriServer(
                config.get(ConfigKeys.LISTEN),
                interceptor(ground.observation(), PodNames.of(sandboxes, containers)),
                List.of(
                        new CriRuntimeService(
                                pods,
                                members,
                                node,
                                feeds(config, runtime, events),
                                new StreamRequests(sandboxes, containers, streams)),
                        new CriImageService(images),
                        new ImageControl(runtime.puller(), runtime.archives()),
                        new WorkControl(
                                runtime.work(),
                                id -> pods.nameOf(id).or(() -> members.nameOf(id)),
                                Clock.systemUTC())));
    }

    private static NodeService node(
            Ground ground, KernelFeatures kernel, HostAbilities host, ObjectMapper json) {
        ContainerRuntime runtime = ground.runtime();
        return new NodeService(
                new NodeService.Facts(
                        BuildInfo.load().version(),
                        ground.handlers()::names,
                        host,
                        runtime.cgroupDriver().equals("systemd"),
                        ground.config().get(ConfigKeys.STATE_DIR).toString(),
                        HostAbilities.names(kernel, runtime.cgroupVersion())),
                () -> runtime.network().status(),
                ranges -> runtime.network().useRanges(ranges),
                json);
    }

    private static CallInterceptor interceptor(Observation observation, PodNames names) {
        // Recovery is over when the runtime is open, so whoever connects is answered.
        Readiness ready = new Readiness();
        ready.open();
        return new CallInterceptor(ready, observation.calls(), System::nanoTime, names);
    }

    private static CriRuntimeService.Feeds feeds(
            AgentConfig config, ContainerRuntime runtime, EventBroadcaster events) {
        Usages usages = Usages.of(runtime.stats());
        var stats =
                new StatsService(
                        Sandboxes.of(runtime.sandboxes()),
                        Containers.of(runtime.containers(), runtime.execs()),
                        usages,
                        config.get(ConfigKeys.STATE_DIR).toString());
        return new CriRuntimeService.Feeds(
                stats, events, new PodMetricsService(Counters.of(runtime.counters()), usages));
    }

    /// Makes ready to go by another configuration, as far as that can be while serving: handlers
    /// with what they fall back to, how images are pulled and kept, and how containers' mounts and
    /// devices are found.
    ///
    /// @return puts it into effect
    /// @throws ConfigException when it contradicts itself; then nothing changes
    Runnable prepare(AgentConfig next) {
        Handlers handlers = HandlerSettings.of(next);
        RuntimeConfig runtime = RuntimeSettings.of(next);
        try {
            HostAccess.check(runtime);
        } catch (InvalidArgumentException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
        return () -> {
            ground.handlers().become(handlers);
            ground.runtime().use(runtime.images(), runtime.containers());
        };
    }

    /// Whether clients can still find us: somebody may have removed the socket.
    boolean healthy() {
        return Files.exists(ground.config().get(ConfigKeys.LISTEN));
    }

    /// Answers no more calls, lets those under way end, then lets go of the runtime.
    @Override
    public void close() {
        try {
            // First, or their streams would keep the server waiting.
            events.close();
            streams.close();
            server.close();
        } finally {
            ground.work().shutdown();
            ground.runtime().close();
        }
    }
}
