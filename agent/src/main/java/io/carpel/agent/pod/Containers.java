package io.carpel.agent.pod;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ExecManager;
import io.carpel.runtime.container.ExecResult;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.Announcer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What pods need of [ContainerManager] and [ExecManager]; a seam, so that tests need no kernel.
public interface Containers {
    Container create(ContainerSpec spec);

    void start(String id);

    void stop(String id, Duration grace);

    void remove(String id);

    void update(String id, ResourceLimits limits);

    void reopenLog(String id);

    /// Bytes of its output that could not be logged.
    long droppedLogBytes(String id);

    /// By id or unique prefix.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException when several begin so
    Optional<Container> find(String idPrefix);

    List<Container> list();

    Announcer<ContainerChange> changes();

    ExecResult execSync(String id, List<String> argv, Duration timeout, long outputCap);

    static Containers of(ContainerManager manager, ExecManager execs) {
        return new Containers() {
            @Override
            public Container create(ContainerSpec spec) {
                return manager.create(spec);
            }

            @Override
            public void start(String id) {
                manager.start(id);
            }

            @Override
            public void stop(String id, Duration grace) {
                manager.stop(id, grace);
            }

            @Override
            public void remove(String id) {
                manager.remove(id);
            }

            @Override
            public void update(String id, ResourceLimits limits) {
                manager.update(id, limits);
            }

            @Override
            public void reopenLog(String id) {
                manager.reopenLog(id);
            }

            @Override
            public long droppedLogBytes(String id) {
                return manager.droppedLogBytes(id);
            }

            @Override
            public Optional<Container> find(String idPrefix) {
                return manager.find(idPrefix);
            }

            @Override
            public List<Container> list() {
                return manager.list();
            }

            @Override
            public Announcer<ContainerChange> changes() {
                return manager.changes();
            }

            @Override
            public ExecResult execSync(
                    String id, List<String> argv, Duration timeout, long outputCap) {
                return execs.execSync(id, argv, timeout, outputCap);
            }
        };
    }
}
