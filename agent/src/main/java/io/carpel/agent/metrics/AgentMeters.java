package io.carpel.agent.metrics;

import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.Subject;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/// The agent's meters. Names begin with `carpel_`; times are in seconds, sizes in bytes.
///
/// What a label can say is bounded: methods, status codes, steps and outcomes, never a pod's name.
public final class AgentMeters implements CallObserver, StepWatch, PullWatch {
    /// From a list of nothing to a pull.
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        Duration.ofMinutes(2)
    };

    private final MeterRegistry registry;
    private final LongSupplier nanoTime;
    private final AtomicInteger pulling = new AtomicInteger();
    private final Counter pulledBytes;

    /// @param nanoTime a clock that never goes back
    public AgentMeters(MeterRegistry registry, LongSupplier nanoTime) {
        this.registry = registry;
        this.nanoTime = nanoTime;
        this.pulledBytes =
                Counter.builder("carpel.image.pull.bytes")
                        .description("Bytes of layers that have arrived from registries")
                        .register(registry);
        Gauge.builder("carpel.image.pulls.active", pulling, AtomicInteger::get)
                .description("Pulls under way")
                .register(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    /// What is asked for at each scrape.
    ///
    /// @param state a value of the label `state`
    public void gauge(String name, String description, String state, DoubleSupplier value) {
        Gauge.builder(name, value::getAsDouble)
                .description(description)
                .tag("state", state)
                .strongReference(true)
                .register(registry);
    }

    /// A number that only grows, kept elsewhere.
    public void counter(String name, String description, LongSupplier value) {
        // Such a counter holds its object weakly, and nobody else holds the supplier.
        FunctionCounter.builder(name, registry, _ -> value.getAsLong())
                .description(description)
                .register(registry);
    }

    @Override
    public void finished(String method, Status.Code code, Duration duration) {
        Timer.builder("carpel.cri.call")
                .description("Calls on the CRI socket, from their first byte to their status")
                .tag("method", method.substring(method.indexOf('/') + 1))
                .tag("code", code.name())
                .serviceLevelObjectives(BUCKETS)
                .register(registry)
                .record(duration);
    }

    @Override
    public Running begin(Subject subject, String step, Running around) {
        long begun = nanoTime.getAsLong();
        return ok ->
                Timer.builder("carpel.step")
                        .description("Steps of the work on sandboxes and containers")
                        .tag("kind", subject.kind().name().toLowerCase(Locale.ROOT))
                        .tag("step", step)
                        .tag("outcome", ok ? "ok" : "failed")
                        .serviceLevelObjectives(BUCKETS)
                        .register(registry)
                        .record(Duration.ofNanos(nanoTime.getAsLong() - begun));
    }

    @Override
    public Watched begin(String reference) {
        pulling.incrementAndGet();
        Map<String, Long> arrived = new ConcurrentHashMap<>();
        return new Watched(event -> onPull(event, arrived), this::pulled);
    }

    private void onPull(PullProgress.Event event, Map<String, Long> arrived) {
        if (event instanceof PullProgress.Event.Downloaded(String layer, long bytes, long _)) {
            arrived.compute(
                    layer,
                    (_, before) -> {
                        // Falls when a transfer starts again: that much comes once more.
                        long known = before == null || before > bytes ? 0 : before;
                        pulledBytes.increment((double) (bytes - known));
                        return bytes;
                    });
        }
    }

    private void pulled(boolean ok) {
        pulling.decrementAndGet();
        Counter.builder("carpel.image.pulls")
                .description("Pulls that are over")
                .tag("outcome", ok ? "ok" : "failed")
                .register(registry)
                .increment();
    }
}
