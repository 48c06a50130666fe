package io.carpel.runtime.namespace;

import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Gives out ranges of subordinate ids so that no two holders share one: a process that breaks out
/// of its pod is nobody in every other.
///
/// What is given out is written down by whoever holds it, not here; after a restart each holder
/// claims what it has. The files are read anew each time, so a line that was added counts at once.
/// Thread-safe.
public final class IdRangePool {
    private final Path subuid;
    private final Path subgid;

    // Guarded by this.
    private final Map<String, UserNamespaceSpec> held = new HashMap<>();

    /// @param subuid in the format of subuid(5)
    /// @param subgid in the format of subgid(5)
    public IdRangePool(Path subuid, Path subgid) {
        this.subuid = subuid;
        this.subgid = subgid;
    }

    /// This host's files.
    public static IdRangePool host() {
        return new IdRangePool(Path.of("/etc/subuid"), Path.of("/etc/subgid"));
    }

    /// Takes the first free range.
    ///
    /// @param owner holds it until [#release]
    /// @throws io.carpel.runtime.error.NotFoundException when a file gives the user no range
    /// @throws ResourceExhaustedException when all of them are held
    public UserNamespaceSpec take(String owner, RemapSpec wanted) {
        List<IdRange> uids = UserNamespaces.ranges(subuid, wanted.user());
        List<IdRange> gids = UserNamespaces.ranges(subgid, wanted.user());
        synchronized (this) {
            UserNamespaceSpec chosen =
                    new UserNamespaceSpec(
                            choose(subuid, uids, wanted, UserNamespaceSpec::uids),
                            choose(subgid, gids, wanted, UserNamespaceSpec::gids));
            held.put(owner, chosen);
            return chosen;
        }
    }

    /// Remembers maps that somebody else has chosen, or that were taken before a restart.
    public synchronized void claim(String owner, UserNamespaceSpec maps) {
        held.put(owner, maps);
    }

    /// Frees what the owner holds, if anything.
    public synchronized void release(String owner) {
        held.remove(owner);
    }

    // Called with the lock held.
    private List<IdMapping> choose(
            Path file,
            List<IdRange> ranges,
            RemapSpec wanted,
            Function<UserNamespaceSpec, List<IdMapping>> map) {
        List<IdMapping> used = new ArrayList<>();
        held.values().forEach(maps -> used.addAll(map.apply(maps)));
        used.sort(Comparator.comparingLong(IdMapping::hostId));
        for (IdRange range : ranges) {
            long end = range.start() + range.count();
            long at = range.start();
            for (IdMapping other : used) {
                if (other.hostId() >= at + wanted.ids()) {
                    break;
                }
                at = Math.max(at, other.hostId() + other.size());
            }
            if (at + wanted.ids() <= end) {
                return List.of(new IdMapping(0, at, wanted.ids()));
            }
        }
        throw new ResourceExhaustedException(
                "no %d ids in a row are free of what %s gives to %s: %d sandboxes hold ids"
                        .formatted(wanted.ids(), file, wanted.user(), held.size()));
    }
}
