package io.carpel.agent.pod;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.Printable;
import java.util.List;
import java.util.Optional;

/// Ids that may be cut short, as people type them.
///
/// In a call an ambiguous prefix is an error; in a filter it matches nothing, and so does one that
/// nothing begins with.
public final class Prefixes {
    private Prefixes() {}

    public static Sandbox sandbox(Sandboxes sandboxes, String id) {
        return findSandbox(sandboxes, id)
                .orElseThrow(() ->
                        new NotFoundException("sandbox %s does not exist".formatted(shown(id))));
    }

    public static Optional<Sandbox> findSandbox(Sandboxes sandboxes, String id) {
        notEmpty("pod_sandbox_id", id);
        return sandboxes.find(id);
    }

    public static Container container(Containers containers, String id) {
        return findContainer(containers, id)
                .orElseThrow(() ->
                        new NotFoundException("container %s does not exist".formatted(shown(id))));
    }

    public static Optional<Container> findContainer(Containers containers, String id) {
        notEmpty("container_id", id);
        return containers.find(id);
    }

    /// The one of `ids` that a filter's `prefix` means.
    public static Optional<String> unique(String prefix, List<String> ids) {
        if (ids.contains(prefix)) {
            return Optional.of(prefix);
        }
        List<String> matches = ids.stream().filter(id -> id.startsWith(prefix)).limit(2).toList();
        return matches.size() == 1 ? Optional.of(matches.getFirst()) : Optional.empty();
    }

    private static void notEmpty(String field, String id) {
        if (id.isEmpty()) {
            throw new InvalidArgumentException(field + " is empty");
        }
    }

    private static String shown(String id) {
        return "'" + Printable.of(id) + "'";
    }
}
