package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.systemd.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A group inside a scope of systemd's.
///
/// systemd removes a scope with all that lies in it as soon as nothing runs there. It goes by
/// itself therefore, and holds on as long as somebody stands beside the group in [#WATCHERS].
final class ScopeCgroup implements Cgroup {
    /// The group that the processes are in and that has the limits.
    static final String MEMBERS = "container";

    /// The group of those who watch over them and count against no limit but the slice's.
    static final String WATCHERS = "shim";

    private static final Logger LOG = LoggerFactory.getLogger(ScopeCgroup.class);

    /// How long a scope may take to go by itself before it is stopped.
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final Cgroup members;
    private final CgroupDir scope;
    private final Units units;
    private final Runnable afterRemove;
    private final AtomicReference<Optional<Placeholders.Placeholder>> placeholder;

    /// @param placeholder who keeps the scope until somebody else is in it
    ScopeCgroup(
            Cgroup members,
            CgroupDir scope,
            Units units,
            Runnable afterRemove,
            Optional<Placeholders.Placeholder> placeholder) {
        this.members = members;
        this.scope = scope;
        this.units = units;
        this.afterRemove = afterRemove;
        this.placeholder = new AtomicReference<>(placeholder);
    }

    private String unit() {
        return String.valueOf(scope.path().getFileName());
    }

    @Override
    public String path() {
        return members.path();
    }

    @Override
    public List<Path> taskFiles() {
        return members.taskFiles();
    }

    @Override
    public Optional<Path> v2Dir() {
        return members.v2Dir();
    }

    @Override
    public Optional<Path> watchersDir() {
        return Optional.of(scope.child(WATCHERS).path());
    }

    @Override
    public void occupied() {
        placeholder.getAndSet(Optional.empty()).ifPresent(Placeholders.Placeholder::end);
    }

    @Override
    public Change update(ResourceLimits limits) {
        return members.update(limits);
    }

    @Override
    public void killAll() {
        members.killAll();
    }

    @Override
    public List<Integer> pids() {
        return members.pids();
    }

    @Override
    public CgroupStats stats(StatsDetail detail) throws IOException {
        return members.stats(detail);
    }

    @Override
    public long oomKills() {
        return members.oomKills();
    }

    @Override
    public void freeze() {
        members.freeze();
    }

    @Override
    public void thaw() {
        members.thaw();
    }

    @Override
    public void remove() {
        members.remove();
        occupied();
        if (!CgroupRemover.await(PATIENCE, () -> !scope.exists())) {
            LOG.debug("scope {} does not go by itself: stopping it", unit());
            units.stop(unit());
            if (!CgroupRemover.await(STOP_LIMIT, () -> !scope.exists())) {
                throw new DeadlineExceededException(
                        "systemd has stopped %s, and its cgroup %s is still there after %d s"
                                .formatted(unit(), scope.path(), STOP_LIMIT.toSeconds()));
            }
        }
        try {
            afterRemove.run();
        } catch (ContainerRuntimeException e) {
            // The slice is not the group: it only tidies up after us.
            LOG.warn("an empty slice stays: {}", e.getMessage());
        }
    }

    @Override
    public Cgroup child(String name) {
        return members.child(name);
    }
}
