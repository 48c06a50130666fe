package io.carpel.agent.cri;

import io.grpc.Status;
import java.time.Duration;

/// Hears of every call; the seam for metrics, recordings and traces.
@FunctionalInterface
public interface CallObserver {
    /// Nobody listens.
    CallObserver NONE = (_, _, _) -> {};

    /// A call is over. Called on the call's thread: be quick.
    ///
    /// @param method without its package, for example `RuntimeService/RunPodSandbox`
    void finished(String method, Status.Code code, Duration duration);

    /// A call begins.
    default Observed began(String method) {
        return (code, duration) -> finished(method, code, duration);
    }

    /// A call under way.
    @FunctionalInterface
    interface Observed {
        /// As [CallObserver#finished]; once.
        void finished(Status.Code code, Duration duration);

        /// Runs the call's work, on the thread it has.
        default void work(Runnable work) {
            work.run();
        }
    }
}
