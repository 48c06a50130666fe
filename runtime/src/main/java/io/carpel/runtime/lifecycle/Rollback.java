package io.carpel.runtime.lifecycle;

import io.carpel.runtime.error.KernelFaultException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// A list of steps with undo, for making something whole or not at all.
///
/// Unless [#commit] was called, [#close] undoes in reverse order, goes on after a failing undo, and
/// throws the first failure with the others suppressed. Inside try-with-resources Java keeps the
/// error of the body primary and attaches that one to it. For one thread.
public final class Rollback implements AutoCloseable {
    /// How to undo what made `value`.
    @FunctionalInterface
    public interface Undo<T> {
        void undo(T value) throws Exception;
    }

    /// An undo that needs no value.
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    private final Deque<Action> actions = new ArrayDeque<>();

    /// Remembers how to undo `value` and gives it back.
    public <T> T add(T value, Undo<? super T> undo) {
        actions.push(() -> undo.undo(value));
        return value;
    }

    /// Remembers an undo; call it before a step that can leave something behind when it fails.
    public void add(Action undo) {
        actions.push(undo);
    }

    /// The thing is whole: nothing will be undone.
    public void commit() {
        actions.clear();
    }

    @Override
    public void close() {
        @Nullable Exception first = null;
        // Told to hurry: an undo that talks to somebody would fail at once for that.
        boolean interrupted = Thread.interrupted();
        while (!actions.isEmpty()) {
            try {
                actions.pop().run();
            } catch (InterruptedException e) {
                // An undo has its own deadline: being told to hurry must not skip the rest.
                interrupted = true;
                first = keep(first, e);
            } catch (Exception e) {
                first = keep(first, e);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (first instanceof RuntimeException e) {
            throw e;
        }
        if (first != null) {
            throw new KernelFaultException("undo failed: " + first.getMessage(), first);
        }
    }

    private static Exception keep(@Nullable Exception first, Exception next) {
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }
}
