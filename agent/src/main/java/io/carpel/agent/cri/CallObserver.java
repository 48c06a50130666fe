package io.carpel.agent.cri;

import io.grpc.Status;
import java.time.Duration;

/// Hears of every call; the seam for metrics and traces.
public interface CallObserver {
    /// Nobody listens.
    CallObserver NONE = (_, _, _) -> {};

    /// A call is over. Called on the call's thread: be quick.
    ///
    /// @param method without its package, for example `RuntimeService/RunPodSandbox`
    void finished(String method, Status.Code code, Duration duration);
}
