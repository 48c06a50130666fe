package io.carpel.runtime.container;

import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.store.Announcer;
import io.carpel.runtime.store.ObjectTable;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The containers as everybody may see them. Reading never waits for whoever works on one.
public final class ContainerTable {
    private final ObjectTable<Container> published =
            new ObjectTable<>(Comparator.comparing(Container::createdAt));
    private final Map<String, String> making = new ConcurrentHashMap<>();
    private final Announcer<ContainerChange> changes = new Announcer<>();

    /// @throws NotFoundException when there is none of this id
    public Container get(String id) {
        return published
                .get(id)
                .orElseThrow(() -> new NotFoundException("container " + id + " does not exist"));
    }

    /// All of them, oldest first.
    public List<Container> list() {
        return published.list();
    }

    Optional<Container> find(String idPrefix) {
        return published.find(idPrefix);
    }

    List<Container> of(String sandboxId) {
        return published.list().stream()
                .filter(c -> c.spec().sandboxId().equals(sandboxId))
                .toList();
    }

    Map<String, String> making() {
        return Map.copyOf(making);
    }

    Announcer<ContainerChange> changes() {
        return changes;
    }

    boolean exists(String id) {
        return published.get(id).isPresent();
    }

    void publish(Container container) {
        published.put(container.id(), container);
    }

    void announce(ContainerChange.Kind kind, Container container) {
        changes.announce(new ContainerChange(kind, container));
    }

    /// Shows what is being done; to be followed by [#rest].
    void work(String id, String step) {
        if (published.update(id, c -> c.at(Optional.of(step))).isEmpty()) {
            making.put(id, step);
        }
    }

    void rest(String id) {
        making.remove(id);
        published.update(id, c -> c.at(Optional.empty()));
    }

    Optional<Container> remove(String id) {
        return published.remove(id);
    }
}
