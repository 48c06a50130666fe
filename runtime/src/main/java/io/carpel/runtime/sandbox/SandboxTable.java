package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.store.Announcer;
import io.carpel.runtime.store.ObjectTable;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The sandboxes as everybody may see them. Reading never waits for whoever works on one.
public final class SandboxTable {
    private final ObjectTable<Sandbox> published =
            new ObjectTable<>(Comparator.comparing(Sandbox::createdAt));
    private final Map<String, String> making = new ConcurrentHashMap<>();
    private final Announcer<SandboxChange> changes = new Announcer<>();

    /// @throws NotFoundException when there is none of this id
    public Sandbox get(String id) {
        return published
                .get(id)
                .orElseThrow(() -> new NotFoundException("sandbox " + id + " does not exist"));
    }

    /// @throws NotFoundException when there is none of this id
    /// @throws FailedPreconditionException when no container can be created in it
    public Sandbox ready(String id) {
        Sandbox sandbox = get(id);
        return switch (sandbox.state()) {
            case SandboxState.Ready _ -> sandbox;
            case SandboxState.NotReady(var _, String why) ->
                    throw new FailedPreconditionException(
                            "sandbox %s is not ready: %s".formatted(id, why));
        };
    }

    Optional<Sandbox> find(String idPrefix) {
        return published.find(idPrefix);
    }

    List<Sandbox> list() {
        return published.list();
    }

    /// What is being done to sandboxes that are not listed yet, by id.
    Map<String, String> making() {
        return Map.copyOf(making);
    }

    Announcer<SandboxChange> changes() {
        return changes;
    }

    boolean exists(String id) {
        return published.get(id).isPresent();
    }

    void publish(Sandbox sandbox) {
        published.put(sandbox.id(), sandbox);
    }

    void announce(SandboxChange.Kind kind, Sandbox sandbox) {
        changes.announce(new SandboxChange(kind, sandbox));
    }

    /// Shows what is being done; to be followed by [#rest].
    void work(String id, String step) {
        if (published.update(id, s -> s.at(Optional.of(step))).isEmpty()) {
            making.put(id, step);
        }
    }

    void rest(String id) {
        making.remove(id);
        published.update(id, s -> s.at(Optional.empty()));
    }

    Optional<Sandbox> remove(String id) {
        return published.remove(id);
    }
}
