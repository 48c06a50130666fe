package io.carpel.agent.trace;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.ConnectException;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Delivers spans, and keeps count of those that are delivered, lost, and on their way.
final class WatchedExporter implements SpanExporter {
    private final SpanExporter target;
    private final SpanLedger ledger;
    private final AtomicInteger pending = new AtomicInteger();

    WatchedExporter(SpanExporter target, SpanLedger ledger) {
        this.target = target;
        this.ledger = ledger;
    }

    /// Takes a place for one more span.
    ///
    /// @param limit how many may be on their way at once
    /// @return whether there was one
    boolean reserve(int limit) {
        if (pending.incrementAndGet() <= limit) {
            return true;
        }
        pending.decrementAndGet();
        return false;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        int count = spans.size();
        CompletableResultCode result = target.export(spans);
        return result.whenComplete(() -> {
            int counted = settle(count);
            if (result.isSuccess()) {
                ledger.sent(counted);
            } else {
                ledger.lost(counted, reason(result));
            }
        });
    }

    /// Gives back places; fewer than were wanted when [#giveUp] has come before.
    private int settle(int count) {
        int before = pending.getAndUpdate(now -> Math.max(0, now - count));
        return Math.min(before, count);
    }

    /// Nobody waits any longer for what is still on its way.
    ///
    /// @param why in a few words
    void giveUp(String why) {
        int left = pending.getAndSet(0);
        if (left > 0) {
            ledger.lost(left, why);
        }
    }

    private static String reason(CompletableResultCode result) {
        return Optional.ofNullable(result.getFailureThrowable())
                .map(WatchedExporter::describe)
                .orElse("it refused them, or did not answer in time");
    }

    private static String describe(Throwable failure) {
        // The SDK wraps what happened in a sentence of its own.
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        if (cause.getMessage() != null) {
            return cause.getMessage();
        }
        return cause instanceof ConnectException
                ? "nobody listens there, or it cannot be reached"
                : cause.getClass().getSimpleName();
    }

    @Override
    public CompletableResultCode flush() {
        return target.flush();
    }

    /// Whatever is still on its way is lost.
    @Override
    public CompletableResultCode shutdown() {
        return target.shutdown();
    }

    @Override
    public void close() {
        shutdown().join(1, TimeUnit.SECONDS);
    }
}
