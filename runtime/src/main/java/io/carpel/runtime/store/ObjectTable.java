package io.carpel.runtime.store;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.UnaryOperator;

/// The published snapshots of all objects of one kind. Reading never waits.
public final class ObjectTable<S> {
    private static final int FULL_ID = 64;

    private final ConcurrentMap<String, S> published = new ConcurrentHashMap<>();
    private final Comparator<S> order;

    /// @param order in which [#list] returns them
    public ObjectTable(Comparator<S> order) {
        this.order = order;
    }

    public void put(String id, S snapshot) {
        published.put(id, snapshot);
    }

    /// Replaces a snapshot that is there; `change` must be quick. Empty when it is gone.
    public Optional<S> update(String id, UnaryOperator<S> change) {
        return Optional.ofNullable(
                published.computeIfPresent(id, (_, before) -> change.apply(before)));
    }

    public Optional<S> get(String id) {
        return Optional.ofNullable(published.get(id));
    }

    public Optional<S> remove(String id) {
        return Optional.ofNullable(published.remove(id));
    }

    /// The one whose id begins with `prefix`; empty for an empty prefix.
    ///
    /// @throws InvalidArgumentException when it is not the only one
    public Optional<S> find(String prefix) {
        S exact = published.get(prefix);
        if (exact != null || prefix.isEmpty() || prefix.length() >= FULL_ID) {
            return Optional.ofNullable(exact);
        }
        List<String> matches =
                published.keySet().stream().filter(id -> id.startsWith(prefix)).limit(2).toList();
        if (matches.size() > 1) {
            throw new InvalidArgumentException("id prefix '" + prefix + "' is not unique");
        }
        return matches.isEmpty() ? Optional.empty() : get(matches.getFirst());
    }

    public List<S> list() {
        List<S> all = new ArrayList<>(published.values());
        all.sort(order);
        return List.copyOf(all);
    }
}
