package io.carpel.runtime.store;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells listeners about changes, in the order in which they happened to one object.
///
/// Listeners run on the thread that made the change, while it holds the object's lock: they must
/// hand over and return. One that throws is logged and does not harm the others.
public final class Announcer<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

    private final List<Consumer<T>> listeners = new CopyOnWriteArrayList<>();

    /// Listens from now on until the returned handle is closed.
    public Subscription subscribe(Consumer<T> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    public void announce(T change) {
        for (Consumer<T> listener : listeners) {
            try {
                listener.accept(change);
            } catch (RuntimeException e) {
                LOG.warn("a listener failed on {}", change.getClass().getSimpleName(), e);
            }
        }
    }

    /// Ends a subscription.
    @FunctionalInterface
    public interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
