package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.List;

/// The maps of a pod's own user namespace. Both lists are non-empty and cover id 0.
public record UserNamespaceSpec(List<IdMapping> uids, List<IdMapping> gids) {
    /// The kernel's bound since 4.15: 340 lines a map (user_namespaces(7)).
    public static final int MAX_LINES = 340;

    public UserNamespaceSpec {
        uids = List.copyOf(uids);
        gids = List.copyOf(gids);
        check("uids", uids);
        check("gids", gids);
    }

    private static void check(String field, List<IdMapping> map) {
        if (map.isEmpty() || map.size() > MAX_LINES) {
            throw new InvalidArgumentException(
                    "user namespace %s has %d mappings, wanted 1 to %d"
                            .formatted(field, map.size(), MAX_LINES));
        }
        if (map.stream().allMatch(line -> line.toHost(0) < 0)) {
            throw new InvalidArgumentException(
                    "user namespace %s does not map id 0".formatted(field));
        }
    }

    /// The user outside who is root inside.
    public long hostRootUid() {
        return toHost(uids, 0);
    }

    /// The group outside that is group 0 inside.
    public long hostRootGid() {
        return toHost(gids, 0);
    }

    private static long toHost(List<IdMapping> map, long id) {
        for (IdMapping line : map) {
            long host = line.toHost(id);
            if (host >= 0) {
                return host;
            }
        }
        return -1;
    }
}
