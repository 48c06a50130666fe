package io.carpel.agent.cri;

import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.Map;

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
    ///
    /// @param headers what the caller sent besides the request
    default Observed began(String method, Metadata headers) {
        return (status, duration) -> finished(method, status.getCode(), duration);
    }

    /// A call under way.
    @FunctionalInterface
    interface Observed {
        /// As [CallObserver#finished]; once.
        void finished(Status status, Duration duration);

        /// Whether [#about] is of use, which costs something to find out.
        default boolean asksAbout() {
            return false;
        }

        /// Whom the call is about, by the names of fields in the log; more than once, since some
        /// show only in the answer.
        default void about(Map<String, String> fields) {}

        /// Runs the call's work, on the thread it has.
        default void work(Runnable work) {
            work.run();
        }
    }
}
