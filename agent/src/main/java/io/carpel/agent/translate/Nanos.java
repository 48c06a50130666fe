package io.carpel.agent.translate;

import java.time.Instant;

/// Times as CRI counts them.
public final class Nanos {
    private static final long PER_SECOND = 1_000_000_000L;

    private Nanos() {}

    /// Nanoseconds since 1970.
    public static long of(Instant at) {
        return Math.addExact(
                Math.multiplyExact(at.getEpochSecond(), PER_SECOND), (long) at.getNano());
    }
}
