package io.carpel.runtime.store;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.Predicate;

/// The objects of one kind as everybody may see them, and the news about them. Reading never waits
/// for whoever works on one.
///
/// @param <S> an immutable snapshot of an object
/// @param <C> a change of one
public final class ObjectTable<S, C> {
    private static final int FULL_ID = 64;

    private final ConcurrentMap<String, S> published = new ConcurrentHashMap<>();
    private final Announcer<C> changes = new Announcer<>();
    private final String kind;
    private final Function<S, String> id;
    private final Comparator<S> order;

    /// @param kind of object, for messages: `sandbox`
    /// @param id of a snapshot's object
    /// @param order in which [#list] returns them
    public ObjectTable(String kind, Function<S, String> id, Comparator<S> order) {
        this.kind = kind;
        this.id = id;
        this.order = order;
    }

    /// Shows this snapshot instead of an earlier one of the same object.
    public void publish(S snapshot) {
        published.put(id.apply(snapshot), snapshot);
    }

    public Optional<S> remove(String wanted) {
        return Optional.ofNullable(published.remove(wanted));
    }

    public boolean exists(String wanted) {
        return published.containsKey(wanted);
    }

    /// @throws NotFoundException when there is none of this id
    public S get(String wanted) {
        S snapshot = published.get(wanted);
        if (snapshot == null) {
            throw new NotFoundException(kind + " " + wanted + " does not exist");
        }
        return snapshot;
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
                published.keySet().stream()
                        .filter(each -> each.startsWith(prefix))
                        .limit(2)
                        .toList();
        if (matches.size() > 1) {
            throw new InvalidArgumentException(kind + " id prefix '" + prefix + "' is not unique");
        }
        return matches.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(published.get(matches.getFirst()));
    }

    public List<S> list() {
        return list(_ -> true);
    }

    /// Those that are wanted, in the same order.
    public List<S> list(Predicate<? super S> wanted) {
        return published.values().stream().filter(wanted).sorted(order).toList();
    }

    /// Who wants to hear of changes, and where they are told.
    public Announcer<C> changes() {
        return changes;
    }
}
