package io.carpel.agent.trace;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.carpel.agent.cri.CallObserver.Observed;
import io.carpel.agent.trace.FakeCollector.Span;
import io.carpel.runtime.image.PullProgress.Event;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.StepWatch.Running;
import io.carpel.runtime.work.Subject;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

final class TracesTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String CALLER = "b7ad6b7169203331";

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private FakeCollector collector;

    @BeforeEach
    void start() throws IOException {
        collector = FakeCollector.answering(0);
        log.start();
        logger().addAppender(log);
        logger().setLevel(Level.INFO);
    }

    @AfterEach
    void stop() {
        logger().detachAppender(log);
        logger().setLevel(null);
        collector.close();
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger("io.carpel.agent.trace");
    }

    private Traces traces(double sampling) {
        return traces(collector.port(), sampling, Duration.ofSeconds(10));
    }

    private static Traces traces(int port, double sampling, Duration patience) {
        return Traces.open(
                new TraceSettings(
                        TraceSettings.complete("http://127.0.0.1:" + port),
                        sampling,
                        "1.2.3",
                        "blue",
                        patience,
                        patience));
    }

    private static Metadata from(String traceparent) {
        Metadata headers = new Metadata();
        if (!traceparent.isEmpty()) {
            headers.put(
                    Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), traceparent);
        }
        return headers;
    }

    private static Metadata sampled() {
        return from("00-" + TRACE + "-" + CALLER + "-01");
    }

    @Test
    void aCallContinuesItsCallersTrace() {
        try (Traces traces = traces(0)) {
            Observed call = traces.calls().began("RuntimeService/RunPodSandbox", sampled());
            assertThat(call.asksAbout()).isTrue();
            call.about(Map.of("pod_name", "web", "pod_namespace", "shop", "pod_uid", "u-1"));
            call.work(() -> assertThat(MDC.get("trace_id")).isEqualTo(TRACE));
            call.about(Map.of("pod_id", "abc"));
            call.finished(Status.OK, Duration.ZERO);
        }
        Span span = collector.named("RuntimeService/RunPodSandbox");
        assertThat(span.trace()).isEqualTo(TRACE);
        assertThat(span.parent()).isEqualTo(CALLER);
        assertThat(span.kind()).isEqualTo(2);
        assertThat(span.error()).isFalse();
        assertThat(span.attributes())
                .containsOnly(
                        Map.entry("rpc.system", "grpc"),
                        Map.entry("rpc.service", "RuntimeService"),
                        Map.entry("rpc.method", "RunPodSandbox"),
                        Map.entry("rpc.grpc.status_code", "0"),
                        Map.entry("k8s.namespace.name", "shop"),
                        Map.entry("k8s.pod.name", "web"),
                        Map.entry("k8s.pod.uid", "u-1"),
                        Map.entry("carpel.pod.id", "abc"));
        assertThat(collector.resources.element())
                .containsEntry("service.name", "carpel")
                .containsEntry("service.version", "1.2.3")
                .containsEntry("service.instance.id", "blue")
                .containsKey("host.name");
        assertThat(collector.paths).containsOnly("/v1/traces");
    }

    @Test
    void stepsAreBelowTheCallWhateverThreadTheyRunOn() {
        try (Traces traces = traces(1)) {
            StepWatch steps = traces.steps();
            Observed call = traces.calls().began("RuntimeService/StopPodSandbox", from(""));
            call.work(() -> {
                List<Runnable> tasks = new ArrayList<>();
                traces.carrying(tasks::add)
                        .execute(() -> {
                            Running network =
                                    steps.begin(Subject.sandbox("s"), "attach", Running.NONE);
                            network.part("cni plugin bridge (ADD)");
                            network.part("cni plugin portmap (ADD)");
                            network.detail("host path /data");
                            steps.begin(Subject.container("s", "c"), "kill", network).end(false);
                            network.end(true);
                        });
                Thread other = Thread.ofVirtual().start(tasks.getFirst());
                join(other);
            });
            call.finished(Status.OK, Duration.ZERO);
            // Nobody asked for this one.
            steps.begin(Subject.sandbox("s"), "tidy up", Running.NONE).end(true);
        }
        Span call = collector.named("RuntimeService/StopPodSandbox");
        Span attach = collector.named("attach");
        Span kill = collector.named("kill");
        assertThat(call.parent()).isEmpty();
        assertThat(attach.parent()).isEqualTo(call.id());
        assertThat(attach.attributes()).containsExactly(Map.entry("carpel.pod.id", "s"));
        assertThat(attach.events()).containsExactly("touches");
        assertThat(collector.named("cni plugin bridge (ADD)").parent()).isEqualTo(attach.id());
        assertThat(collector.named("cni plugin portmap (ADD)").parent()).isEqualTo(attach.id());
        assertThat(kill.parent()).isEqualTo(attach.id());
        assertThat(kill.error()).isTrue();
        assertThat(kill.attributes()).containsEntry("container.id", "c");
        assertThat(collector.spans).extracting(Span::trace).containsOnly(call.trace());
        assertThat(collector.spans).hasSize(5);
    }

    private static void join(Thread thread) {
        try {
            assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFailureSaysWhatItIsAndWhatIsAnOrdinaryAnswerDoesNot() {
        try (Traces traces = traces(1)) {
            traces.calls()
                    .began("S/Fails", from(""))
                    .finished(Status.UNAVAILABLE.withDescription("no network"), Duration.ZERO);
            traces.calls().began("S/Asks", from("")).finished(Status.NOT_FOUND, Duration.ZERO);
            traces.calls()
                    .began("S/Long", from(""))
                    .finished(Status.INTERNAL.withDescription("x".repeat(9000)), Duration.ZERO);
        }
        Span fails = collector.named("S/Fails");
        assertThat(fails.error()).isTrue();
        assertThat(fails.message()).isEqualTo("UNAVAILABLE: no network");
        assertThat(fails.attributes()).containsEntry("rpc.grpc.status_code", "14");
        assertThat(collector.named("S/Asks").error()).isFalse();
        assertThat(collector.named("S/Asks").attributes())
                .containsEntry("rpc.grpc.status_code", "5");
        assertThat(collector.named("S/Long").message().length()).isLessThan(3000);
    }

    @Test
    void theCallerDecidesAndOtherwiseTheShare() {
        try (Traces traces = traces(0)) {
            call(traces, "none", from(""));
            call(traces, "not", from("00-" + TRACE + "-" + CALLER + "-00"));
            call(traces, "nonsense", from("00-zz-" + CALLER + "-01"));
            call(traces, "wanted", sampled());
        }
        assertThat(collector.spans).extracting(Span::name).containsExactly("S/wanted", "step");
    }

    private static void call(Traces traces, String name, Metadata headers) {
        Observed call = traces.calls().began("S/" + name, headers);
        call.finished(Status.OK, Duration.ZERO);
        call.work(() -> traces.steps().begin(Subject.sandbox("s"), "step", Running.NONE).end(true));
    }

    @Test
    void aPullHasASpanForEachLayer() {
        try (Traces traces = traces(1)) {
            Observed call = traces.calls().began("ImageService/PullImage", from(""));
            call.work(() -> {
                PullWatch.Watched pull = traces.pulls().begin("example.test/a:1");
                pull.progress().on(new Event.Resolved("sha256:i", 3, 300));
                pull.progress().on(new Event.Present("sha256:0"));
                pull.progress().on(new Event.Downloaded("sha256:1", 10, 100));
                pull.progress().on(new Event.Retrying("sha256:1", "reset"));
                pull.progress().on(new Event.Downloaded("sha256:1", 100, 100));
                pull.progress().on(new Event.Downloaded("sha256:2", 7, 200));
                pull.progress().on(new Event.Unpacked("sha256:1"));
                pull.end().of(false);
            });
            call.finished(Status.UNAVAILABLE, Duration.ZERO);
            // By the command line, without a traced call around it.
            traces.pulls().begin("example.test/b:1").end().of(true);
        }
        Span pull = collector.named("pull");
        assertThat(pull.error()).isTrue();
        assertThat(pull.attributes())
                .containsEntry("container.image.name", "example.test/a:1")
                .containsEntry("carpel.layers", "3")
                .containsEntry("carpel.bytes", "300");
        assertThat(pull.parent()).isEqualTo(collector.named("ImageService/PullImage").id());
        List<Span> layers =
                collector.spans.stream().filter(span -> span.name().contains("layer")).toList();
        assertThat(layers).extracting(Span::parent).containsOnly(pull.id());
        assertThat(layers)
                .extracting(span -> span.attributes().get("carpel.layer") + " " + span.error())
                .containsExactlyInAnyOrder("sha256:1 false", "sha256:2 true");
        assertThat(layers.stream().filter(span -> !span.error()).findFirst().orElseThrow().events())
                .containsExactly("again", "the last byte is here");
    }

    /// Spans beyond the bound are lost and counted, and nobody waits.
    @Test
    void aCollectorThatHangsHoldsUpNobody() throws IOException {
        int many = BoundedSpans.LIMIT + 500;
        try (FakeCollector hanging = FakeCollector.hanging()) {
            Traces traces = traces(hanging.port(), 1, Duration.ofMinutes(5));
            for (int i = 0; i < many; i++) {
                traces.calls().began("S/M", from("")).finished(Status.OK, Duration.ZERO);
            }
            assertThat(traces.lost()).isEqualTo(500);
            assertThat(traces.sent()).isZero();
            assertThat(said(":" + hanging.port())).hasSize(1);
        }
        assertThat(said("2048 spans wait already")).hasSize(1);
    }

    @Test
    void closingDoesNotWaitLongForACollectorThatHangs() throws IOException {
        try (FakeCollector hanging = FakeCollector.hanging()) {
            Traces traces = traces(hanging.port(), 1, Duration.ofMillis(200));
            traces.calls().began("S/M", from("")).finished(Status.OK, Duration.ZERO);
            traces.close();
            assertThat(traces.sent()).isZero();
            assertThat(traces.lost()).isEqualTo(1);
        }
    }

    @Test
    void aCollectorThatIsAwayIsToldOfOnceAndAgainWhenItIsBack() {
        SpanLedger ledger = new SpanLedger("http://there");
        ledger.lost(3, "connection refused");
        ledger.lost(4, "connection refused");
        ledger.sent(2);
        ledger.sent(2);
        assertThat(ledger.lost()).isEqualTo(7);
        assertThat(ledger.sent()).isEqualTo(4);
        assertThat(said("http://there"))
                .containsExactly(
                        "traces do not reach http://there and are given up, which is not said"
                                + " again until they do: connection refused",
                        "traces reach http://there again; 7 spans were lost so far");
    }

    @Test
    void whereNobodyListensSpansAreLostAndSoCounted() {
        int port = collector.port();
        collector.close();
        Traces traces = traces(port, 1, Duration.ofMillis(300));
        traces.calls().began("S/M", from("")).finished(Status.OK, Duration.ZERO);
        traces.close();
        // A machine with other things to do gives up later than the close waits for.
        Instant deadline = Instant.now().plusSeconds(30);
        while (traces.lost() == 0 && Instant.now().isBefore(deadline)) {
            Thread.onSpinWait();
        }
        assertThat(traces.sent()).isZero();
        assertThat(traces.lost()).isEqualTo(1);
    }

    /// Traces of other tests may still come to their end meanwhile.
    private List<String> said(String part) {
        return List.copyOf(log.list).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.contains(part))
                .toList();
    }

    @Test
    void aPathIsTakenAsItIs() {
        assertThat(TraceSettings.complete("http://a:4318")).isEqualTo("http://a:4318/v1/traces");
        assertThat(TraceSettings.complete("http://a:4318/")).isEqualTo("http://a:4318/v1/traces");
        assertThat(TraceSettings.complete("https://a/x/otlp")).isEqualTo("https://a/x/otlp");
    }
}
