package io.carpel.runtime.container;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.Announcer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Creates, starts, stops and removes containers.
public final class ContainerManager {
    private final Announcer<ContainerChange> changes = new Announcer<>();

    /// Makes a container whose init waits to be started. On any failure nothing of it is left.
    ///
    /// @throws NotFoundException when the sandbox or the image is absent
    /// @throws FailedPreconditionException when the sandbox is not ready
    public Container create(ContainerSpec spec) {
        return get(spec.id());
    }

    /// Lets the process run.
    ///
    /// @throws FailedPreconditionException unless it is created and was never started
    public void start(String id) {
        get(id);
    }

    /// Asks it to end, and after `grace` makes it. An unknown or ended one is already stopped. A
    /// second call with a shorter grace shortens the first one's wait.
    public void stop(String id, Duration grace) {
        get(id);
    }

    /// Kills it if needed and removes every trace but its log. An unknown one is already removed.
    public void remove(String id) {
        get(id);
    }

    /// Changes its limits, all of them or none.
    public void update(String id, ResourceLimits limits) {
        get(id);
    }

    /// Makes the log anew at its path, after somebody renamed the old file.
    ///
    /// @throws FailedPreconditionException unless it runs
    public void reopenLog(String id) {
        get(id);
    }

    /// @throws NotFoundException when there is none of this id
    public Container get(String id) {
        return find(id).orElseThrow(
                        () -> new NotFoundException("container " + id + " does not exist"));
    }

    /// The one container whose id begins so.
    ///
    /// @throws InvalidArgumentException when several do
    public Optional<Container> find(String idPrefix) {
        return Optional.empty();
    }

    /// All of them, oldest first.
    public List<Container> list() {
        return List.of();
    }

    public Announcer<ContainerChange> changes() {
        return changes;
    }
}
