package io.carpel.runtime.container;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.launch.ResolvedProcess;
import java.io.IOException;
import java.lang.ref.SoftReference;

/// How a container's process runs, for its execs. It is held as long as there is memory to spare,
/// and read anew from its file else: the variables of one pod may be a megabyte, and a node has
/// hundreds of pods. Thread-safe.
final class KeptProcess {
    private final ProcessStore store;
    private final String id;
    private volatile SoftReference<ResolvedProcess> held;

    /// @param process as it lies in the store already
    KeptProcess(ProcessStore store, String id, ResolvedProcess process) {
        this.store = store;
        this.id = id;
        this.held = new SoftReference<>(process);
    }

    /// One that is read when it is needed.
    KeptProcess(ProcessStore store, String id) {
        this.store = store;
        this.id = id;
        this.held = new SoftReference<>(null);
    }

    /// @throws FailedPreconditionException when its file cannot be read
    ResolvedProcess get() {
        ResolvedProcess known = held.get();
        if (known != null) {
            return known;
        }
        try {
            ResolvedProcess read = store.get(id);
            held = new SoftReference<>(read);
            return read;
        } catch (IOException e) {
            throw new FailedPreconditionException(
                    "container %s: how its process runs is not known any more: %s"
                            .formatted(id, e.getMessage()),
                    e);
        }
    }
}
