package io.carpel.runtime.lifecycle;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// A fresh platform thread that does one thing and ends.
///
/// unshare(2) and setns(2) change the calling thread for good, so such a thread is never pooled: it
/// takes its namespaces with it when it ends.
public final class NamespaceThread {
    private NamespaceThread() {}

    /// Runs `work` on its own platform thread and waits for it. An interrupt is passed on to the
    /// worker, whose end is still awaited: what it made must be known.
    ///
    /// @throws IOException what the work threw
    /// @throws RuntimeException what the work threw, or a checked exception it threw as the cause
    public static <T> T call(String name, Callable<T> work) throws IOException {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = Thread.ofPlatform().name("namespace " + name).daemon().start(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException _) {
                    interrupted = true;
                    thread.interrupt();
                } catch (ExecutionException e) {
                    throw unwrapped(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException unwrapped(ExecutionException e) {
        return switch (e.getCause()) {
            case IOException io -> io;
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            case null, default -> throw new IllegalStateException(e.getCause());
        };
    }
}
