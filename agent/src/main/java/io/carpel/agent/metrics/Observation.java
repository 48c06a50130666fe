package io.carpel.agent.metrics;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.cri.CallObserver;
import io.carpel.agent.trace.Traces;
import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.RuntimeWatches;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/// All that looks on while the agent works, as configured.
public final class Observation implements AutoCloseable {
    private final Telemetry telemetry;
    private final Optional<Prometheus> prometheus;
    private final Optional<Traces> traces;

    private Observation(
            Telemetry telemetry, Optional<Prometheus> prometheus, Optional<Traces> traces) {
        this.telemetry = telemetry;
        this.prometheus = prometheus;
        this.traces = traces;
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
            parts.add(new Telemetry(served.meters(), served.meters(), served.meters()));
            prometheus = Optional.of(served);
        }
        Optional<Traces> traces = Optional.empty();
        if (!config.get(ConfigKeys.TRACES_ENDPOINT).isEmpty()) {
            Traces sent = Traces.open(config);
            parts.add(new Telemetry(sent.calls(), sent.steps(), sent.pulls()));
            prometheus.ifPresent(served -> served.watch(sent));
            traces = Optional.of(sent);
        }
        return new Observation(Telemetry.of(parts), prometheus, traces);
    }

    public CallObserver calls() {
        return telemetry.calls();
    }

    /// What the runtime tells.
    public RuntimeWatches watches() {
        return new RuntimeWatches(telemetry.steps(), telemetry.pulls());
    }

    /// The same executor, where tasks are still seen as part of the call that handed them over.
    public Executor carrying(Executor executor) {
        // No lambda: it would load the class even where there is none.
        return traces.isPresent() ? traces.get().carrying(executor) : executor;
    }

    /// Shows the runtime's own numbers from now on.
    public void watch(ContainerRuntime runtime) {
        prometheus.ifPresent(served -> served.watch(runtime));
    }

    @Override
    public void close() {
        prometheus.ifPresent(Prometheus::close);
        if (traces.isPresent()) {
            traces.get().close();
        }
    }
}
