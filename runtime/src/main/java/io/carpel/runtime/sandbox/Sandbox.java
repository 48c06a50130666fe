package io.carpel.runtime.sandbox;

import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.SandboxSpec;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A sandbox at one moment.
///
/// @param createdAt distinct for every sandbox of this host and increasing
/// @param addresses IP addresses, the primary one first; empty with the host's network
/// @param pins namespace files by kind; a kind that is the host's, or each container's own, is
///   missing
/// @param shm what its containers see as `/dev/shm`; empty when that is the host's
/// @param reaperPid pid 1 of the shared PID namespace, as the host sees it
/// @param cgroupParent the cgroup below which its containers' cgroups lie
/// @param pendingStep what is being done to it at this moment, for example `detach the network`; a
///   sandbox that hangs shows here where
public record Sandbox(
        String id,
        SandboxSpec spec,
        SandboxState state,
        Instant createdAt,
        List<String> addresses,
        PinnedNamespaces pins,
        Optional<Path> shm,
        Optional<Integer> reaperPid,
        String cgroupParent,
        Optional<String> pendingStep) {
    public Sandbox {
        addresses = List.copyOf(addresses);
    }

    public boolean isReady() {
        return state instanceof SandboxState.Ready;
    }

    Sandbox at(Optional<String> step) {
        return new Sandbox(
                id, spec, state, createdAt, addresses, pins, shm, reaperPid, cgroupParent, step);
    }
}
