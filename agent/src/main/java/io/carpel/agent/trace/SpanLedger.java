package io.carpel.agent.trace;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What became of the spans. Says once that they are lost, and once that they are not any more: a
/// collector may be away for days. Thread-safe.
final class SpanLedger {
    private static final Logger LOG = LoggerFactory.getLogger(SpanLedger.class);

    private final String endpoint;
    private final LongAdder sent = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final AtomicBoolean losing = new AtomicBoolean();

    SpanLedger(String endpoint) {
        this.endpoint = endpoint;
    }

    void sent(int spans) {
        sent.add(spans);
        if (spans > 0 && losing.compareAndSet(true, false)) {
            LOG.info("traces reach {} again; {} spans were lost so far", endpoint, lost.sum());
        }
    }

    /// @param why in a few words
    void lost(int spans, String why) {
        lost.add(spans);
        if (losing.compareAndSet(false, true)) {
            LOG.warn(
                    "traces do not reach {} and are given up, which is not said again until they do:"
                            + " {}",
                    endpoint,
                    why);
        }
    }

    long sent() {
        return sent.sum();
    }

    long lost() {
        return lost.sum();
    }
}
