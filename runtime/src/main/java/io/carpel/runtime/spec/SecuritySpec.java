package io.carpel.runtime.spec;

import java.util.List;

/// What a container may do.
///
/// @param addCapabilities names with or without `CAP_`, or `ALL`
/// @param dropCapabilities the same
/// @param ambientCapabilities added to all five sets
/// @param noNewPrivileges set no_new_privs (prctl(2)) before exec
/// @param maskedPaths made unreadable
/// @param readonlyPaths made read-only
public record SecuritySpec(
        boolean privileged,
        List<String> addCapabilities,
        List<String> dropCapabilities,
        List<String> ambientCapabilities,
        boolean noNewPrivileges,
        boolean readonlyRootfs,
        List<String> maskedPaths,
        List<String> readonlyPaths,
        ProfileSpec seccomp,
        ProfileSpec apparmor,
        SelinuxSpec selinux) {
    public SecuritySpec {
        addCapabilities = List.copyOf(addCapabilities);
        dropCapabilities = List.copyOf(dropCapabilities);
        ambientCapabilities = List.copyOf(ambientCapabilities);
        maskedPaths = List.copyOf(maskedPaths);
        readonlyPaths = List.copyOf(readonlyPaths);
    }
}
