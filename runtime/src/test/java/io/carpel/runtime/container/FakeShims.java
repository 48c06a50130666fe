package io.carpel.runtime.container;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.launch.LaunchPlan;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.launch.ShimLauncher;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Launches nothing, and remembers for what.
public final class FakeShims implements ShimLauncher {
    public final Map<String, FakeShim> launched = new ConcurrentHashMap<>();
    public final Map<String, LaunchPlan> plans = new ConcurrentHashMap<>();
    public volatile boolean fail;
    private final AtomicInteger pids = new AtomicInteger(1_000_000);

    @Override
    public ShimConnection launch(LaunchPlan plan) {
        if (fail) {
            throw new KernelFaultException("container " + plan.id() + ": mount: EPERM");
        }
        FakeShim shim = new FakeShim(pids.incrementAndGet());
        plans.put(plan.id(), plan);
        launched.put(plan.id(), shim);
        return shim;
    }

    @Override
    public ShimConnection connect(String id, Path socket, Path exitRecord) {
        FakeShim shim = launched.get(id);
        if (shim != null && shim.silent) {
            throw new DeadlineExceededException("the shim of " + id + " does not answer");
        }
        if (shim == null || shim.exited().isPresent()) {
            throw new UnavailableException("no shim listens for " + id);
        }
        return shim;
    }

    @Override
    public ShimConnection assume(String id, Path socket, Path exitRecord, int pid) {
        return java.util.Objects.requireNonNull(launched.get(id));
    }

    @Override
    public HelperRoles helpers() {
        throw new UnavailableException("no helpers in a fake");
    }

    @Override
    public void close() {}

    long alive() {
        return launched.values().stream().filter(s -> s.exited().isEmpty()).count();
    }
}
