package io.carpel.agent.trace;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends spans to a collector, as configured. Its classes and the SDK's are loaded only where that
/// is.
public final class Traces implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Traces.class);

    /// How long a span waits for company at most.
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    private static final int BATCH = 512;

    /// The host's name, without asking a name server.
    private static final Path HOSTNAME = Path.of("/proc/sys/kernel/hostname");

    private final SdkTracerProvider provider;
    private final Tracer tracer;
    private final SpanLedger ledger;
    private final WatchedExporter exporter;
    private final TraceSettings settings;

    private Traces(TraceSettings settings, SpanExporter target) {
        this.settings = settings;
        this.ledger = new SpanLedger(settings.endpoint());
        this.exporter = new WatchedExporter(target, ledger);
        BatchSpanProcessor queue =
                BatchSpanProcessor.builder(exporter)
                        .setMaxQueueSize(BoundedSpans.LIMIT)
                        .setMaxExportBatchSize(BATCH)
                        .setScheduleDelay(INTERVAL)
                        .setExporterTimeout(settings.patience())
                        .setMeterProvider(MeterProvider.noop())
                        .build();
        this.provider =
                SdkTracerProvider.builder()
                        .setResource(Resource.create(resource(settings)))
                        .setSampler(
                                Sampler.parentBased(Sampler.traceIdRatioBased(settings.sampling())))
                        .setSpanLimits(
                                SpanLimits.builder()
                                        .setMaxAttributeValueLength(SpanNames.TEXT_LIMIT)
                                        .build())
                        .addSpanProcessor(new BoundedSpans(queue, exporter, ledger))
                        .build();
        this.tracer = provider.get("io.carpel.agent");
    }

    /// Begins to trace. Whether the collector is there shows only when there is something for it.
    public static Traces open(AgentConfig config) {
        TraceSettings settings = TraceSettings.of(config);
        LOG.info("sending traces to {}", settings.endpoint());
        return open(settings);
    }

    static Traces open(TraceSettings settings) {
        return new Traces(
                settings,
                OtlpHttpSpanExporter.builder()
                        .setEndpoint(settings.endpoint())
                        .setTimeout(settings.patience())
                        .setConnectTimeout(settings.patience())
                        .setCompression("gzip")
                        .setMeterProvider(MeterProvider.noop())
                        .build());
    }

    private static Attributes resource(TraceSettings settings) {
        AttributesBuilder attributes =
                Attributes.builder()
                        .put(AttributeKey.stringKey("service.name"), "carpel")
                        .put(AttributeKey.stringKey("service.version"), settings.version())
                        .put(AttributeKey.stringKey("host.name"), hostname());
        if (!settings.instance().isEmpty()) {
            attributes.put(AttributeKey.stringKey("service.instance.id"), settings.instance());
        }
        return attributes.build();
    }

    private static String hostname() {
        try {
            return Files.readString(HOSTNAME).strip();
        } catch (IOException e) {
            LOG.info("traces do not name the host: {}", e.getMessage());
            return "";
        }
    }

    public CallObserver calls() {
        return new CallSpans(tracer);
    }

    public StepWatch steps() {
        return new StepSpans(tracer);
    }

    public PullWatch pulls() {
        return new PullSpans(tracer);
    }

    /// The same executor, where tasks count as part of the call that handed them over.
    public Executor carrying(Executor executor) {
        return CurrentCall.carrying(executor);
    }

    /// Spans that the collector has taken.
    public long sent() {
        return ledger.sent();
    }

    /// Spans that were given up.
    public long lost() {
        return ledger.lost();
    }

    /// Sends what is left, but does not wait long for that.
    @Override
    public void close() {
        CompletableResultCode done = provider.shutdown();
        done.join(settings.farewell().toMillis(), TimeUnit.MILLISECONDS);
        exporter.giveUp("it did not take the last ones in time");
    }
}
