package io.carpel.agent.trace;

import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.image.PullWatch;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// A span for each pull, part of the first call that wanted it, with a span for each layer from its
/// first byte until it is unpacked. Layers come in and are unpacked in one pass.
final class PullSpans implements PullWatch {
    private static final AttributeKey<String> DIGEST = AttributeKey.stringKey("carpel.layer");
    private static final AttributeKey<Long> BYTES = AttributeKey.longKey("carpel.bytes");
    private static final AttributeKey<Long> LAYERS = AttributeKey.longKey("carpel.layers");
    private static final AttributeKey<String> REASON = AttributeKey.stringKey("carpel.reason");

    private final Tracer tracer;

    PullSpans(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    public Watched begin(String reference) {
        Optional<Context> call = CurrentCall.get();
        if (call.isEmpty()) {
            return PullWatch.NONE.begin(reference);
        }
        PullSpan span =
                new PullSpan(
                        tracer.spanBuilder("pull")
                                .setParent(call.get())
                                .setAttribute(SpanNames.IMAGE, reference)
                                .startSpan());
        return new Watched(span, span::end);
    }

    private final class PullSpan implements PullProgress {
        private final Span span;
        private final Context context;
        private final Map<String, Span> layers = new ConcurrentHashMap<>();

        PullSpan(Span span) {
            this.span = span;
            this.context = Context.root().with(span);
        }

        @Override
        public void on(Event event) {
            switch (event) {
                case Event.Resolved(var _, var count, var bytes) -> {
                    span.addEvent("the manifest is known");
                    span.setAttribute(LAYERS, (long) count);
                    span.setAttribute(BYTES, bytes);
                }
                case Event.Downloaded(var layer, var bytes, var total) -> {
                    Span known = layers.computeIfAbsent(layer, key -> start(key, total));
                    if (bytes == total) {
                        known.addEvent("the last byte is here");
                    }
                }
                case Event.Unpacked(var layer) ->
                        Optional.ofNullable(layers.remove(layer)).ifPresent(Span::end);
                case Event.Present(var layer) ->
                        span.addEvent("the layer is here already", Attributes.of(DIGEST, layer));
                case Event.Retrying(var layer, var reason) ->
                        layers.getOrDefault(layer, span)
                                .addEvent("again", Attributes.of(REASON, reason));
            }
        }

        private Span start(String layer, long bytes) {
            return tracer.spanBuilder("download and unpack a layer")
                    .setParent(context)
                    .setAttribute(DIGEST, layer)
                    .setAttribute(BYTES, bytes)
                    .startSpan();
        }

        void end(boolean ok) {
            layers.values()
                    .forEach(layer -> {
                        layer.setStatus(StatusCode.ERROR);
                        layer.end();
                    });
            if (!ok) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end();
        }
    }
}
