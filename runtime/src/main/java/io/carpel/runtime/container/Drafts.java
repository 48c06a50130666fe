package io.carpel.runtime.container;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// Counts the containers that are just being made, by sandbox, so that stopping a sandbox can wait
/// until none is.
final class Drafts {
    private final Map<String, Integer> counts = new HashMap<>();

    synchronized void begin(String sandboxId) {
        counts.merge(sandboxId, 1, Integer::sum);
    }

    synchronized void end(String sandboxId) {
        counts.computeIfPresent(sandboxId, (_, n) -> n == 1 ? null : n - 1);
        notifyAll();
    }

    /// @throws DeadlineExceededException when some are still being made after `limit`
    synchronized void awaitNone(String sandboxId, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (counts.containsKey(sandboxId)) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new DeadlineExceededException(
                        "a container of sandbox %s is still being created after %d s"
                                .formatted(sandboxId, limit.toSeconds()));
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancelledException(
                        "interrupted while a container of sandbox %s is being created"
                                .formatted(sandboxId),
                        e);
            }
        }
    }
}
