package io.carpel.runtime.container;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// The containers that are just being made, by sandbox, so that stopping a sandbox need not wait
/// for one whose creation hangs.
final class Drafts {
    // Guarded by this.
    private final Map<String, Set<Draft>> underWay = new HashMap<>();

    /// One creation, on its thread.
    final class Draft implements AutoCloseable {
        private final String sandboxId;
        private final Thread thread = Thread.currentThread();
        private boolean told;

        private Draft(String sandboxId) {
            this.sandboxId = sandboxId;
        }

        /// Does the work. An interrupt shows as whatever error the step under way makes of it, and
        /// is told as what it is.
        <T> T run(Supplier<T> work) {
            try {
                return work.get();
            } catch (ContainerRuntimeException e) {
                synchronized (Drafts.this) {
                    if (!told) {
                        throw e;
                    }
                }
                throw new CancelledException("sandbox %s is being stopped".formatted(sandboxId), e);
            }
        }

        @Override
        public void close() {
            synchronized (Drafts.this) {
                underWay.computeIfPresent(
                        sandboxId,
                        (_, all) -> {
                            all.remove(this);
                            return all.isEmpty() ? null : all;
                        });
                Drafts.this.notifyAll();
                if (told) {
                    // It was meant for this creation, not for what the thread does next.
                    boolean _ = Thread.interrupted();
                }
            }
        }
    }

    synchronized Draft begin(String sandboxId) {
        Draft draft = new Draft(sandboxId);
        underWay.computeIfAbsent(sandboxId, _ -> new HashSet<>()).add(draft);
        return draft;
    }

    /// Interrupts those under way and waits for their end.
    ///
    /// @throws DeadlineExceededException when some are still being made after `limit`
    synchronized void stop(String sandboxId, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (underWay.containsKey(sandboxId)) {
            for (Draft draft : underWay.getOrDefault(sandboxId, Set.of())) {
                if (!draft.told) {
                    draft.told = true;
                    draft.thread.interrupt();
                }
            }
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
