package io.carpel.runtime.sandbox;

import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.SandboxSpec;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What is written down about a sandbox.
///
/// @param held what it may still hold in the kernel; written before it is made, taken away once it
///   is released, so that a process that died in between leaves nothing unknown
/// @param netnsFile where its network namespace is (or was) pinned
/// @param note opaque bytes of the caller
record SandboxRecord(
        SandboxSpec spec,
        Phase phase,
        SandboxState state,
        Instant createdAt,
        List<String> addresses,
        PinnedNamespaces pins,
        Optional<Path> shm,
        Optional<ProcessIdentity> reaper,
        String cgroupParent,
        Path netnsFile,
        Set<Holding> held,
        Optional<Bytes> note) {
    static final int VERSION = 1;

    /// Whether it was ever complete. One that was not is taken apart by recovery, never listed.
    enum Phase {
        MAKING,
        COMPLETE
    }

    /// Things to be released, in this order.
    enum Holding {
        NETWORK,
        NAMESPACES
    }

    SandboxRecord {
        addresses = List.copyOf(addresses);
        held = Set.copyOf(held);
    }

    Sandbox snapshot() {
        return new Sandbox(
                spec.id(),
                spec,
                state,
                createdAt,
                addresses,
                pins,
                shm,
                reaper.map(ProcessIdentity::pid),
                cgroupParent,
                note);
    }

    SandboxRecord with(SandboxState next) {
        return with(next, held, note);
    }

    SandboxRecord with(Bytes newNote) {
        return with(state, held, Optional.of(newNote));
    }

    SandboxRecord without(Holding released) {
        EnumSet<Holding> left = EnumSet.noneOf(Holding.class);
        left.addAll(held);
        left.remove(released);
        return with(state, left, note);
    }

    /// Everything that changes in a sandbox's life; the rest is as it was made.
    private SandboxRecord with(
            SandboxState nextState, Set<Holding> left, Optional<Bytes> nextNote) {
        return new SandboxRecord(
                spec,
                phase,
                nextState,
                createdAt,
                addresses,
                pins,
                shm,
                reaper,
                cgroupParent,
                netnsFile,
                left,
                nextNote);
    }

    boolean holds(Holding what) {
        return held.contains(what);
    }
}
