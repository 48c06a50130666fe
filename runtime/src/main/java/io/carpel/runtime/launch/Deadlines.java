package io.carpel.runtime.launch;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/// Does something when a time is over, unless that is called off before. Made for many deadlines
/// that hardly ever pass: setting and calling off wake no other thread, and in return a deadline
/// may pass a quarter of a second late. Safe for use by many threads.
final class Deadlines {
    private static final long TICK = Duration.ofMillis(250).toNanos();

    private final Set<Deadline> set = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean watched = new AtomicBoolean();

    /// Closing it calls the deadline off.
    final class Deadline implements AutoCloseable {
        private final long at;
        private final Runnable action;

        private Deadline(long at, Runnable action) {
            this.at = at;
            this.action = action;
        }

        private void passIfDue(long now) {
            // Whoever takes it out of the set acts, and it is taken out once.
            if (now - at >= 0 && set.remove(this)) {
                action.run();
            }
        }

        @Override
        public void close() {
            set.remove(this);
        }
    }

    /// @param action runs on another thread and must not fail
    Deadline after(Duration limit, Runnable action) {
        var deadline = new Deadline(System.nanoTime() + limit.toNanos(), action);
        set.add(deadline);
        watch();
        return deadline;
    }

    private void watch() {
        if (watched.compareAndSet(false, true)) {
            Thread.ofVirtual().name("deadlines").start(this::tick);
        }
    }

    /// Goes on for as long as it finds any, so that in busy times there always is a watcher.
    private void tick() {
        do {
            LockSupport.parkNanos(TICK);
            long now = System.nanoTime();
            set.forEach(deadline -> deadline.passIfDue(now));
        } while (!set.isEmpty());
        watched.set(false);
        if (!set.isEmpty()) { // set between the last look and now
            watch();
        }
    }
}
