package io.carpel.runtime.launch;

import io.carpel.runtime.security.CapabilitySets;
import java.util.List;

/// Whom a process runs as.
///
/// @param groups exactly the supplementary groups, not added to any
public record Credentials(long uid, long gid, List<Long> groups, CapabilitySets capabilities) {
    public Credentials {
        groups = List.copyOf(groups);
    }
}
