package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Somebody else's group: may be read and never changed.
record ObservedCgroup(Cgroup group) implements Cgroup {
    @Override
    public String path() {
        return group.path();
    }

    @Override
    public List<Path> taskFiles() {
        return List.of();
    }

    @Override
    public Optional<Path> v2Dir() {
        return Optional.empty();
    }

    @Override
    public Change update(ResourceLimits limits) {
        throw refused("update");
    }

    @Override
    public void killAll() {
        throw refused("kill");
    }

    @Override
    public List<Integer> pids() {
        return group.pids();
    }

    @Override
    public CgroupStats stats(StatsDetail detail) throws IOException {
        return group.stats(detail);
    }

    @Override
    public long oomKills() {
        return group.oomKills();
    }

    @Override
    public void freeze() {
        throw refused("freeze");
    }

    @Override
    public void thaw() {
        throw refused("thaw");
    }

    @Override
    public void remove() {
        throw refused("remove");
    }

    @Override
    public Cgroup child(String name) {
        throw refused("make a child of");
    }

    private FailedPreconditionException refused(String what) {
        return new FailedPreconditionException(
                "could not %s cgroup %s: it belongs to somebody else".formatted(what, path()));
    }
}
