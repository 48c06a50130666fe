package io.carpel.agent.cli.node;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// [Patience] that asks every few seconds. A condition that cannot be asked about for now, since
/// the API server is away for instance, counts as not being so.
public final class Polling implements Patience {
    private final Duration interval;
    private final CountDownLatch never = new CountDownLatch(1);

    /// @param interval between two questions
    public Polling(Duration interval) {
        this.interval = interval;
    }

    @Override
    public void await(String what, Duration atMost, BooleanSupplier condition) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (true) {
            String last = "";
            try {
                if (condition.getAsBoolean()) {
                    return;
                }
            } catch (NodeException e) {
                last = ": " + e.getMessage();
            }
            if (System.nanoTime() >= deadline) {
                throw new NodeException(
                        "waited %d s in vain for %s%s".formatted(atMost.toSeconds(), what, last));
            }
            pause(what);
        }
    }

    private void pause(String what) {
        try {
            if (never.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("nobody counts down");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeException("interrupted while waiting for " + what, e);
        }
    }
}
