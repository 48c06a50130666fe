package io.carpel.agent.trace;

import io.opentelemetry.context.Context;
import java.util.Optional;
import java.util.concurrent.Executor;

/// The call that a thread works for, when it is traced.
final class CurrentCall {
    private static final ScopedValue<Context> CURRENT = ScopedValue.newInstance();

    private CurrentCall() {}

    static Optional<Context> get() {
        return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
    }

    /// Runs work for a call.
    static void run(Context call, Runnable work) {
        ScopedValue.where(CURRENT, call).run(work);
    }

    /// Tasks run for the call for which they were handed over.
    static Executor carrying(Executor executor) {
        return task ->
                executor.execute(get().<Runnable>map(call -> () -> run(call, task)).orElse(task));
    }
}
