package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.Announcer;
import java.util.List;
import java.util.Optional;

/// Runs, stops and removes sandboxes.
public final class SandboxManager {
    private final Announcer<SandboxChange> changes = new Announcer<>();

    /// Makes a sandbox and returns it ready. On any failure nothing of it is left.
    ///
    /// @throws InvalidArgumentException when the spec asks for what cannot be
    public Sandbox run(SandboxSpec spec) {
        return get(spec.id());
    }

    /// Kills its containers and takes down what it holds; it stays listed as not ready. A sandbox
    /// that is stopped or unknown is already stopped.
    public void stop(String id) {
        get(id);
    }

    /// Stops it if needed, removes its containers and every trace. An unknown one is already
    /// removed.
    public void remove(String id) {
        get(id);
    }

    /// @throws NotFoundException when there is none of this id
    public Sandbox get(String id) {
        return find(id).orElseThrow(
                        () -> new NotFoundException("sandbox " + id + " does not exist"));
    }

    /// The one sandbox whose id begins so.
    ///
    /// @throws InvalidArgumentException when several do
    public Optional<Sandbox> find(String idPrefix) {
        return Optional.empty();
    }

    /// All of them, oldest first.
    public List<Sandbox> list() {
        return List.of();
    }

    public Announcer<SandboxChange> changes() {
        return changes;
    }
}
