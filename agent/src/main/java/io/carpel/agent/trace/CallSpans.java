package io.carpel.agent.trace;

import io.carpel.agent.cri.CallObserver;
import io.grpc.Metadata;
import io.grpc.Status;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/// A server span for each call, part of the caller's trace when it names one (W3C `traceparent`).
final class CallSpans implements CallObserver {
    /// Attributes by the log's names of the same things.
    private static final Map<String, AttributeKey<String>> NAMES =
            Map.of(
                    "pod_namespace", AttributeKey.stringKey("k8s.namespace.name"),
                    "pod_name", AttributeKey.stringKey("k8s.pod.name"),
                    "pod_uid", AttributeKey.stringKey("k8s.pod.uid"),
                    "pod_id", SpanNames.POD_ID,
                    "container_name", AttributeKey.stringKey("k8s.container.name"),
                    "container_id", SpanNames.CONTAINER_ID,
                    "image", SpanNames.IMAGE);

    private static final AttributeKey<Long> STATUS_CODE =
            AttributeKey.longKey("rpc.grpc.status_code");

    private final Tracer tracer;

    CallSpans(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    public void finished(String method, Status.Code code, Duration duration) {
        // Only calls that were seen to begin have a span.
        throw new IllegalStateException("the call " + method + " did not begin");
    }

    @Override
    public Observed began(String method, Metadata headers) {
        Context caller =
                W3CTraceContextPropagator.getInstance()
                        .extract(Context.root(), headers, CallSpans::header);
        int slash = method.indexOf('/');
        Span span =
                tracer.spanBuilder(method)
                        .setParent(caller)
                        .setSpanKind(SpanKind.SERVER)
                        .setAttribute("rpc.system", "grpc")
                        .setAttribute("rpc.service", method.substring(0, Math.max(slash, 0)))
                        .setAttribute("rpc.method", method.substring(slash + 1))
                        .startSpan();
        // One that is not sampled has no steps either.
        return span.isRecording() ? new CallSpan(span) : (_, _) -> {};
    }

    private static @Nullable String header(@Nullable Metadata headers, String name) {
        return headers == null
                ? null
                : headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }

    private record CallSpan(Span span) implements Observed {
        @Override
        public boolean asksAbout() {
            return true;
        }

        @Override
        public void about(Map<String, String> fields) {
            fields.forEach((name, value) ->
                    Optional.ofNullable(NAMES.get(name))
                            .ifPresent(key -> span.setAttribute(key, value)));
        }

        @Override
        public void work(Runnable work) {
            try (var _ = MDC.putCloseable("trace_id", span.getSpanContext().getTraceId())) {
                CurrentCall.run(Context.root().with(span), work);
            }
        }

        @Override
        public void finished(Status status, Duration duration) {
            span.setAttribute(STATUS_CODE, (long) status.getCode().value());
            if (isFailure(status.getCode())) {
                span.setStatus(
                        StatusCode.ERROR,
                        SpanNames.bounded(
                                status.getCode()
                                        + Optional.ofNullable(status.getDescription())
                                                .map(": "::concat)
                                                .orElse("")));
            }
            span.end();
        }

        /// What a kubelet asks only to find out is answered well by a no.
        private static boolean isFailure(Status.Code code) {
            return switch (code) {
                case OK, NOT_FOUND, UNIMPLEMENTED, CANCELLED -> false;
                default -> true;
            };
        }
    }
}
