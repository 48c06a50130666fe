package io.carpel.agent.trace;

import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.Subject;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.Optional;

/// A span for each step of the work that a traced call has asked for, with spans for its parts.
/// Work that nobody asked for, such as clearing away later what would not go at once, has none.
final class StepSpans implements StepWatch {
    private static final AttributeKey<String> PLACE = AttributeKey.stringKey("carpel.place");

    private final Tracer tracer;

    StepSpans(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    public Running begin(Subject subject, String step, Running around) {
        Optional<Context> parent =
                around instanceof StepSpan outer
                        ? Optional.of(Context.root().with(outer.span))
                        : CurrentCall.get();
        return parent.<Running>map(context -> new StepSpan(start(context, step, subject)))
                .orElse(Running.NONE);
    }

    private Span start(Context parent, String step, Subject subject) {
        return tracer.spanBuilder(step)
                .setParent(parent)
                .setAllAttributes(attributes(subject))
                .startSpan();
    }

    private static Attributes attributes(Subject subject) {
        return switch (subject.kind()) {
            case SANDBOX -> Attributes.of(SpanNames.POD_ID, subject.id());
            case CONTAINER ->
                    Attributes.of(
                            SpanNames.POD_ID,
                            subject.sandboxId(),
                            SpanNames.CONTAINER_ID,
                            subject.id());
            case IMAGE -> Attributes.of(SpanNames.IMAGE, subject.id());
        };
    }

    /// Parts come from one thread after the other.
    private final class StepSpan implements Running {
        private final Span span;
        private volatile Optional<Span> part = Optional.empty();

        StepSpan(Span span) {
            this.span = span;
        }

        @Override
        public void end(boolean ok) {
            part.ifPresent(Span::end);
            if (!ok) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end();
        }

        @Override
        public void part(String name) {
            part.ifPresent(Span::end);
            part =
                    Optional.of(
                            tracer.spanBuilder(name)
                                    .setParent(Context.root().with(span))
                                    .startSpan());
        }

        @Override
        public void detail(String what) {
            span.addEvent("touches", Attributes.of(PLACE, what));
        }
    }
}
