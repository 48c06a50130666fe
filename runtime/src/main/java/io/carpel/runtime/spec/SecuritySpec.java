package io.carpel.runtime.spec;

import java.util.List;
import java.util.Optional;

/// What a container may do.
///
/// @param baseCapabilities what additions and removals start from, without `CAP_`; empty is the
///   configured list
/// @param addCapabilities names with or without `CAP_`, or `ALL`
/// @param dropCapabilities the same
/// @param ambientCapabilities added to all five sets
/// @param noNewPrivileges set no_new_privs (prctl(2)) before exec
/// @param maskedPaths made unreadable
/// @param readonlyPaths made read-only
public record SecuritySpec(
        boolean privileged,
        Optional<List<String>> baseCapabilities,
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
        baseCapabilities = baseCapabilities.map(List::copyOf);
        addCapabilities = List.copyOf(addCapabilities);
        dropCapabilities = List.copyOf(dropCapabilities);
        ambientCapabilities = List.copyOf(ambientCapabilities);
        maskedPaths = List.copyOf(maskedPaths);
        readonlyPaths = List.copyOf(readonlyPaths);
    }
}
