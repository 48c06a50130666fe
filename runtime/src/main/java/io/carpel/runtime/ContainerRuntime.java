package io.carpel.runtime;

import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ExecManager;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.stats.StatsReader;

/// One runtime on this host: the managers, wired and recovered.
public final class ContainerRuntime implements AutoCloseable {
    private final RuntimeConfig config;
    private final SandboxManager sandboxes;
    private final ContainerManager containers;
    private final ExecManager execs;
    private final StatsReader stats = new StatsReader();

    @SuppressWarnings("UnusedMethod") // open is to call it once the rooms are wired
    private ContainerRuntime(
            RuntimeConfig config,
            SandboxManager sandboxes,
            ContainerManager containers,
            ExecManager execs) {
        this.config = config;
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.execs = execs;
    }

    /// Opens the runtime and recovers what lives from before.
    public static ContainerRuntime open(RuntimeConfig config) {
        if (config.instance().isEmpty()) {
            throw new UnavailableException("the rooms of this runtime are not wired yet");
        }
        throw new UnavailableException("the rooms of " + config.ownName() + " are not wired yet");
    }

    public RuntimeConfig config() {
        return config;
    }

    public SandboxManager sandboxes() {
        return sandboxes;
    }

    public ContainerManager containers() {
        return containers;
    }

    public ExecManager execs() {
        return execs;
    }

    public StatsReader stats() {
        return stats;
    }

    /// Lets go of descriptors and threads. Containers run on.
    @Override
    public void close() {}
}
