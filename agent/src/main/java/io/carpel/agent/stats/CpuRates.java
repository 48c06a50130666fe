package io.carpel.agent.stats;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/// CPU time per second, from two samples of CPU time so far.
final class CpuRates {
    /// Shorter windows say more about the clock than about the container.
    private static final Duration WINDOW = Duration.ofMillis(500);

    private static final double NANOS_PER_SECOND = 1e9;

    private final Map<String, Sample> samples = new ConcurrentHashMap<>();

    private record Sample(Instant at, long nanos, OptionalLong rate) {}

    /// Takes a sample.
    ///
    /// @return nanoseconds of CPU time per second since the last sample; empty with the first
    OptionalLong rate(String id, Instant at, long nanos) {
        Sample now =
                samples.compute(
                        id,
                        (_, last) -> {
                            if (last == null || nanos < last.nanos()) {
                                return new Sample(at, nanos, OptionalLong.empty());
                            }
                            Duration window = Duration.between(last.at(), at);
                            if (window.isNegative()) {
                                // The clock was set back: the old time would not pass for long.
                                return new Sample(at, nanos, last.rate());
                            }
                            return window.compareTo(WINDOW) < 0
                                    ? last
                                    : new Sample(at, nanos, rate(nanos - last.nanos(), window));
                        });
        return now.rate();
    }

    private static OptionalLong rate(long nanos, Duration window) {
        return OptionalLong.of(Math.round(nanos * (NANOS_PER_SECOND / window.toNanos())));
    }

    void forget(String id) {
        samples.remove(id);
    }
}
