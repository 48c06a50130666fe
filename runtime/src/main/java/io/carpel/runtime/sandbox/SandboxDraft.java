package io.carpel.runtime.sandbox;

import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.sandbox.SandboxRecord.Holding;
import io.carpel.runtime.sandbox.SandboxRecord.Phase;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.SandboxSpec;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A sandbox while it is being made. For one thread.
final class SandboxDraft {
    final SandboxSpec spec;
    final Rollback undo;
    final Instant createdAt;
    final Path netnsFile;
    final String cgroupParent;
    String hostname = "";
    PinnedNamespaces pins = PinnedNamespaces.none();
    Optional<Path> shm = Optional.empty();
    Optional<ProcessIdentity> reaper = Optional.empty();
    List<String> addresses = List.of();
    Instant readySince = Instant.EPOCH;

    SandboxDraft(SandboxSpec spec, Rollback undo, Instant createdAt, SandboxSettings settings) {
        this.spec = spec;
        this.undo = undo;
        this.createdAt = createdAt;
        this.netnsFile = settings.netnsFile(spec.id());
        this.cgroupParent = settings.cgroupParents().apply(spec.cgroupParent());
    }

    boolean ownNetwork() {
        return !spec.namespaces().hostNetwork();
    }

    SandboxRecord record(Phase phase, SandboxState state) {
        return new SandboxRecord(
                spec,
                phase,
                state,
                createdAt,
                addresses,
                pins,
                shm,
                reaper,
                cgroupParent,
                netnsFile,
                holdings(),
                Optional.empty());
    }

    /// The record once every step has run.
    SandboxRecord made() {
        return record(Phase.COMPLETE, new SandboxState.Ready(readySince));
    }

    private Set<Holding> holdings() {
        EnumSet<Holding> held = EnumSet.of(Holding.NAMESPACES);
        if (ownNetwork()) {
            held.add(Holding.NETWORK);
        }
        return held;
    }
}
