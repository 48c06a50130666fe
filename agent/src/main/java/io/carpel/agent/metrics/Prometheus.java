package io.carpel.agent.metrics;

import io.carpel.agent.trace.Traces;
import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.container.ContainerState;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;

/// The meters and the endpoint that serves them. Its classes are loaded only where metrics are
/// asked for.
final class Prometheus implements AutoCloseable {
    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AgentMeters meters = new AgentMeters(registry, System::nanoTime);
    private final MetricsServer server;

    /// Listens; numbers of the runtime come with [#watch].
    ///
    /// @throws IOException when the address cannot be listened on
    Prometheus(String address) throws IOException {
        server = MetricsServer.start(address, registry::scrape);
    }

    AgentMeters meters() {
        return meters;
    }

    /// Shows what becomes of spans.
    void watch(Traces traces) {
        meters.counter(
                "carpel.trace.spans.sent", "Spans that the collector has taken", traces::sent);
        meters.counter(
                "carpel.trace.spans.lost",
                "Spans that were given up, since the collector did not take them in time",
                traces::lost);
    }

    /// Shows the runtime's pods and containers.
    void watch(ContainerRuntime runtime) {
        String pods = "Pods by state";
        meters.gauge(
                "carpel.pods",
                pods,
                "ready",
                () -> runtime.sandboxes().list().stream().filter(pod -> pod.isReady()).count());
        meters.gauge(
                "carpel.pods",
                pods,
                "notready",
                () -> runtime.sandboxes().list().stream().filter(pod -> !pod.isReady()).count());
        containers(runtime, "created", ContainerState.Created.class);
        containers(runtime, "running", ContainerState.Running.class);
        containers(runtime, "exited", ContainerState.Exited.class);
        containers(runtime, "unknown", ContainerState.Unknown.class);
        meters.counter(
                "carpel.container.log.dropped.bytes",
                "Output of ended containers that could not be logged, as on a full disk",
                () -> runtime.containers().droppedLogBytes());
    }

    private void containers(
            ContainerRuntime runtime, String state, Class<? extends ContainerState> type) {
        meters.gauge(
                "carpel.containers",
                "Containers by state",
                state,
                () ->
                        runtime.containers().list().stream()
                                .filter(container -> type.isInstance(container.state()))
                                .count());
    }

    @Override
    public void close() {
        server.close();
        registry.close();
    }
}
