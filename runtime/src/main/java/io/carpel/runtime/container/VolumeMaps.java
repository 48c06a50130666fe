package io.carpel.runtime.container;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.namespace.IdmapNamespaces;
import io.carpel.runtime.namespace.IdmapNamespaces.Held;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.UserNamespaceSpec;
import io.carpel.runtime.store.StateLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The id maps of one container's volumes while it is made. A volume with the maps of the sandbox
/// needs nothing; each other pair of maps needs a user namespace that carries it, and volumes with
/// equal maps share one.
final class VolumeMaps {
    /// Each costs a process while the container is made.
    private static final int MAX_NAMESPACES = 16;

    private record Maps(List<IdMapping> uids, List<IdMapping> gids) {}

    private final IdmapNamespaces namespaces;
    private final StateLayout layout;
    private final String containerId;
    private final Optional<UserNamespaceSpec> user;
    private final Rollback undo;
    private final Map<Maps, Path> files = new HashMap<>();
    private final List<Held> held = new ArrayList<>();

    /// @param containerId names the sockets of the processes that hold the namespaces
    /// @param user the maps of the container's own user namespace
    VolumeMaps(
            IdmapNamespaces namespaces,
            StateLayout layout,
            String containerId,
            Optional<UserNamespaceSpec> user,
            Rollback undo) {
        this.namespaces = namespaces;
        this.layout = layout;
        this.containerId = containerId;
        this.user = user;
        this.undo = undo;
    }

    /// The namespace that carries the mount's maps; empty when it has none, or the sandbox's.
    ///
    /// @throws InvalidArgumentException when the maps cannot be
    /// @throws UnsupportedException for more different maps than one container may have
    Optional<Path> of(MountSpec mount) {
        Maps maps = new Maps(mount.uidMappings(), mount.gidMappings());
        if (maps.uids().isEmpty() && maps.gids().isEmpty()) {
            return Optional.empty();
        }
        check(mount, "user", maps.uids());
        check(mount, "group", maps.gids());
        boolean sandboxes =
                user.isPresent()
                        && user.get().uids().equals(maps.uids())
                        && user.get().gids().equals(maps.gids());
        return sandboxes ? Optional.empty() : Optional.of(file(mount, maps));
    }

    private static void check(MountSpec mount, String what, List<IdMapping> map) {
        if (map.isEmpty() || map.size() > UserNamespaceSpec.MAX_LINES) {
            throw new InvalidArgumentException(
                    "mount at %s: it has %d mappings of %s ids, wanted 1 to %d"
                            .formatted(
                                    Printable.of(mount.target()),
                                    map.size(),
                                    what,
                                    UserNamespaceSpec.MAX_LINES));
        }
    }

    private Path file(MountSpec mount, Maps maps) {
        Path known = files.get(maps);
        if (known != null) {
            return known;
        }
        if (held.size() == MAX_NAMESPACES) {
            throw new UnsupportedException(
                    "mount at %s: a container's mounts can have %d different id mappings"
                            .formatted(Printable.of(mount.target()), MAX_NAMESPACES));
        }
        Path socket = layout.idmapSocket(containerId, held.size());
        try {
            Held made = namespaces.open(socket, maps.uids(), maps.gids());
            held.add(undo.add(made, Held::close));
            files.put(maps, made.file());
            return made.file();
        } catch (InvalidArgumentException e) {
            throw new InvalidArgumentException(
                    "mount at %s: %s".formatted(Printable.of(mount.target()), e.getMessage()), e);
        }
    }

    /// Lets go of the namespaces, once the mounts are made.
    void close() {
        for (Held each : held) {
            try {
                each.close();
            } catch (ContainerRuntimeException _) {
                // The container is made. A process that does not end is seen to by the next sweep.
            }
        }
    }
}
