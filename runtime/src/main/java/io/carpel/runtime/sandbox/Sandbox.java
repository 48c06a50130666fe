package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.ObjectTable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
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
/// @param note opaque bytes that the caller has put down since, kept over restarts
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
        Optional<Bytes> note) {
    public Sandbox {
        addresses = List.copyOf(addresses);
    }

    /// The name its containers have; the host's where it has none of its own. Never what a
    /// container has written into its `/etc/hostname`.
    public String hostname() throws IOException {
        return SandboxFiles.hostname(spec);
    }

    public boolean isReady() {
        return state instanceof SandboxState.Ready;
    }

    /// The table that sandboxes are shown in.
    public static ObjectTable<Sandbox, SandboxChange> table() {
        return new ObjectTable<>("sandbox", Sandbox::id, Comparator.comparing(Sandbox::createdAt));
    }

    /// This very sandbox, if containers can be created in it.
    ///
    /// @throws FailedPreconditionException when it is not ready
    public Sandbox requireReady() {
        return switch (state) {
            case SandboxState.Ready _ -> this;
            case SandboxState.NotReady(var _, String why) ->
                    throw new FailedPreconditionException(
                            "sandbox %s is not ready: %s".formatted(id, why));
        };
    }
}
