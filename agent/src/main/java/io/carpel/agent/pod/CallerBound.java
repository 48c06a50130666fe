package io.carpel.agent.pod;

import io.grpc.Context;
import java.util.function.Supplier;

/// Work that is of use to its caller only, and ends with the call.
final class CallerBound {
    private final Thread worker = Thread.currentThread();

    // Guarded by this.
    private boolean over;
    private boolean interrupted;

    private CallerBound() {}

    /// Runs `work` on this thread and interrupts it when the current call is cancelled or its
    /// deadline passes.
    static <R> R run(Supplier<R> work) {
        CallerBound bound = new CallerBound();
        Context context = Context.current();
        Context.CancellationListener listener = _ -> bound.interrupt();
        context.addListener(listener, Runnable::run);
        try {
            return work.get();
        } finally {
            context.removeListener(listener);
            bound.end();
        }
    }

    private synchronized void interrupt() {
        if (!over) {
            interrupted = true;
            worker.interrupt();
        }
    }

    private synchronized void end() {
        over = true;
        if (interrupted) {
            // Meant for the work, not for what the thread does next.
            boolean _ = Thread.interrupted();
        }
    }
}
