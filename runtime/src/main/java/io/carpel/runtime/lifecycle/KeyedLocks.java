package io.carpel.runtime.lifecycle;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// One lock per key, made when first wanted and gone when nobody holds or awaits it.
///
/// Every wait has a deadline, so that one stuck object never holds up a caller for ever. The locks
/// are reentrant and fair enough for people: waiters are served roughly in order.
public final class KeyedLocks {
    /// A held lock; closing it twice is an error of the caller and throws.
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    private static final class Entry {
        final ReentrantLock lock = new ReentrantLock(true);

        // Holders and waiters; changed only inside ConcurrentHashMap.compute of the key.
        int users;
    }

    private final String what;
    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();

    /// @param what the kind of object for messages, such as `sandbox`
    public KeyedLocks(String what) {
        this.what = what;
    }

    /// Waits for the lock of `key`; release it on the same thread.
    ///
    /// @throws DeadlineExceededException when somebody else holds it for all of `timeout`
    /// @throws CancelledException when the thread is interrupted meanwhile
    public Held lock(String key, Duration timeout) {
        Entry entry = enter(key);
        boolean locked = false;
        try {
            locked = entry.lock.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException(
                    "interrupted while waiting for %s %s".formatted(what, key), e);
        } finally {
            if (!locked) {
                leave(key);
            }
        }
        if (!locked) {
            throw new DeadlineExceededException(
                    "%s %s is still busy with another call after %d ms"
                            .formatted(what, key, timeout.toMillis()));
        }
        return () -> {
            entry.lock.unlock();
            leave(key);
        };
    }

    /// How many keys have a lock now.
    public int size() {
        return entries.size();
    }

    private Entry enter(String key) {
        return entries.compute(
                key,
                (_, present) -> {
                    Entry entry = present == null ? new Entry() : present;
                    entry.users++;
                    return entry;
                });
    }

    private void leave(String key) {
        entries.computeIfPresent(key, (_, entry) -> --entry.users == 0 ? null : entry);
    }
}
