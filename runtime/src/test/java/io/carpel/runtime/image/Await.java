package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/// Waits for what happens on other threads: deletion, for instance, which goes on after a removal.
final class Await {
    private Await() {}

    static void until(BooleanSupplier what) {
        Instant deadline = Instant.now().plus(Duration.ofSeconds(60));
        while (!what.getAsBoolean()) {
            assertThat(Instant.now()).as("in time").isBefore(deadline);
            Thread.onSpinWait();
        }
    }
}
