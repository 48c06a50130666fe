package io.carpel.runtime.store;

import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;

/// Hands out distinct, increasing times of creation: callers sort by them, and equal ones would
/// make the order change from list to list.
public final class CreationClock {
    private final Clock clock;
    private final AtomicReference<Instant> last = new AtomicReference<>(Instant.EPOCH);

    public CreationClock(Clock clock) {
        this.clock = clock;
    }

    /// Later than everything handed out or [seen][#observe] before, even when the host's clock was
    /// set back.
    public Instant next() {
        Instant now = clock.instant();
        return last.updateAndGet(before -> now.isAfter(before) ? now : before.plusNanos(1));
    }

    /// Takes note of a time that an earlier process handed out.
    public void observe(Instant earlier) {
        last.accumulateAndGet(earlier, (a, b) -> a.isAfter(b) ? a : b);
    }
}
