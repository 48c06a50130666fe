package io.carpel.agent.trace;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;

/// Lets only so many spans wait for their delivery. The SDK's own queue has a bound as well, but
/// drops what is beyond it without a word.
final class BoundedSpans implements SpanProcessor {
    /// Some ten pods' lives; a few megabytes at most.
    static final int LIMIT = 2048;

    private final SpanProcessor queue;
    private final WatchedExporter exporter;
    private final SpanLedger ledger;

    /// @param queue holds at least [#LIMIT] spans
    /// @param exporter delivers what is in the queue
    BoundedSpans(SpanProcessor queue, WatchedExporter exporter, SpanLedger ledger) {
        this.queue = queue;
        this.exporter = exporter;
        this.ledger = ledger;
    }

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    /// Waits for nobody.
    @Override
    public void onEnd(ReadableSpan span) {
        if (exporter.reserve(LIMIT)) {
            queue.onEnd(span);
        } else {
            ledger.lost(1, LIMIT + " spans wait already");
        }
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return queue.forceFlush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return queue.shutdown();
    }
}
