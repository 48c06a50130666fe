package io.carpel.runtime.lifecycle;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Closes in reverse what was opened in order, all of it, whatever fails meanwhile.
public final class Closer implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /// Remembers `resource` and gives it back.
    public synchronized <T extends AutoCloseable> T add(T resource) {
        opened.push(resource);
        return resource;
    }

    /// Closes everything that was added; a second call does nothing.
    ///
    /// @throws IllegalStateException with the first failure as its cause
    @Override
    public synchronized void close() {
        @Nullable Exception first = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw new IllegalStateException("could not close: " + first.getMessage(), first);
        }
    }
}
