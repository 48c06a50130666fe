package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.error.UnavailableException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class StopperTest {
    private static final Duration SOON = Duration.ofMillis(1);

    private final AtomicInteger kills = new AtomicInteger();
    private final AtomicInteger signals = new AtomicInteger();
    private final Stopper stopper = new Stopper("c", _ -> signals.incrementAndGet());

    @Test
    void asksAndKillsOnceHoweverManyWantIt() {
        stopper.stop(15, SOON, kills::incrementAndGet);
        stopper.stop(15, SOON, kills::incrementAndGet);
        awaitKills(1);
        assertThat(signals).hasValue(1);
    }

    @Test
    void aKillThatFailedIsTriedAgainByTheNextStop() {
        stopper.stop(
                15,
                SOON,
                () -> {
                    kills.incrementAndGet();
                    throw new UnavailableException("not today");
                });
        awaitKills(1);
        AtomicInteger later = new AtomicInteger();
        long deadline = deadline();
        while (later.get() == 0 && System.nanoTime() < deadline) {
            stopper.stop(15, SOON, later::incrementAndGet);
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(later).hasValueGreaterThan(0);
        assertThat(signals).hasValueGreaterThan(1);
    }

    private static long deadline() {
        return System.nanoTime() + Duration.ofSeconds(10).toNanos();
    }

    private void awaitKills(int wanted) {
        long deadline = deadline();
        while (kills.get() < wanted && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(kills).hasValue(wanted);
    }
}
