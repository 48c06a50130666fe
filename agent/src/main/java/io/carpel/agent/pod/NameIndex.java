package io.carpel.agent.pod;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.carpel.runtime.error.AlreadyExistsException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Which object holds which name. A name has one holder, and a holder one name.
final class NameIndex<K> {
    private final String kind;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<K, String> holders = new HashMap<>();

    @GuardedBy("lock")
    private final Map<String, K> names = new HashMap<>();

    /// @param kind what is named, for messages
    NameIndex(String kind) {
        this.kind = kind;
    }

    /// Takes the name for an object that is about to exist.
    void reserve(K name, String id) {
        synchronized (lock) {
            String holder = holders.putIfAbsent(name, id);
            if (holder != null && !holder.equals(id)) {
                throw new AlreadyExistsException(
                        "the name %s is taken by %s %s".formatted(name, kind, holder));
            }
            names.put(id, name);
        }
    }

    /// Gives back the name of an object that is gone, or was never made.
    void release(String id) {
        synchronized (lock) {
            K name = names.remove(id);
            if (name != null) {
                holders.remove(name);
            }
        }
    }

    /// What an object is called, be it made or only about to be.
    Optional<K> nameOf(String id) {
        synchronized (lock) {
            return Optional.ofNullable(names.get(id));
        }
    }

    boolean isHeldBy(K name, String id) {
        synchronized (lock) {
            return id.equals(holders.get(name));
        }
    }
}
