package io.carpel.runtime.container;

import java.util.List;

/// As whom a container's process runs, inside its user namespace.
///
/// @param groups every supplementary group and the primary one, sorted
public record ContainerUser(long uid, long gid, List<Long> groups) {
    public ContainerUser {
        groups = List.copyOf(groups);
    }
}
