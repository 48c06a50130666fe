package io.carpel.agent.events;

import io.carpel.cri.ContainerEventResponse;
import io.carpel.runtime.error.ContainerRuntimeException;

/// Where one client's events go. Calls come from one thread at a time.
public interface EventSink {
    /// Whether another event can be taken without piling up.
    boolean isReady();

    void send(ContainerEventResponse event);

    /// No more events come.
    void end(ContainerRuntimeException why);
}
