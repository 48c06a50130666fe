package io.carpel.agent.metrics;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.RuntimeWatches;
import io.carpel.runtime.image.PullWatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// All that looks on while the agent works, as configured.
public final class Observation implements AutoCloseable {
    private final Telemetry telemetry;
    private final Optional<Prometheus> prometheus;

    private Observation(Telemetry telemetry, Optional<Prometheus> prometheus) {
        this.telemetry = telemetry;
        this.prometheus = prometheus;
    }

    /// Begins to look on, before there is a runtime to look at.
    ///
    /// @throws IOException when the address for metrics cannot be listened on
    public static Observation open(AgentConfig config) throws IOException {
        List<Telemetry> parts = new ArrayList<>();
        parts.add(FlightEvents.telemetry());
        Optional<Prometheus> prometheus = Optional.empty();
        String address = config.get(ConfigKeys.METRICS_LISTEN);
        if (!address.isEmpty()) {
            Prometheus served = new Prometheus(address);
            parts.add(new Telemetry(served.meters(), served.meters()));
            prometheus = Optional.of(served);
        }
        return new Observation(Telemetry.of(parts), prometheus);
    }

    public CallObserver calls() {
        return telemetry.calls();
    }

    /// What the runtime tells.
    public RuntimeWatches watches() {
        return new RuntimeWatches(
                telemetry.steps(),
                prometheus.<PullWatch>map(Prometheus::meters).orElse(PullWatch.NONE));
    }

    /// Shows the runtime's own numbers from now on.
    public void watch(ContainerRuntime runtime) {
        prometheus.ifPresent(served -> served.watch(runtime));
    }

    @Override
    public void close() {
        prometheus.ifPresent(Prometheus::close);
    }
}
