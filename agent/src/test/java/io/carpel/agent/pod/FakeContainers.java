package io.carpel.agent.pod;

import io.carpel.agent.translate.Requests;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.container.ExecResult;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.Announcer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Containers without a kernel: a table, the announcements, and a record of what was asked.
public final class FakeContainers implements Containers {
    private final Map<String, Container> all = new ConcurrentSkipListMap<>();
    private final Announcer<ContainerChange> changes = new Announcer<>();

    /// How often `create` was called.
    public final AtomicInteger creates = new AtomicInteger();

    /// Every other call, in order.
    public final List<String> calls = new ArrayList<>();

    /// Runs inside `create`, before there is anything.
    public volatile Runnable duringCreate = () -> {};

    @Override
    public Container create(ContainerSpec spec) {
        creates.incrementAndGet();
        duringCreate.run();
        Container container = Requests.snapshot(spec, new ContainerState.Created(11));
        all.put(spec.id(), container);
        return container;
    }

    @Override
    public void start(String id) {
        calls.add("start " + id);
        all.computeIfPresent(
                id,
                (_, container) ->
                        Requests.snapshot(
                                container.spec(),
                                new ContainerState.Running(11, Requests.CREATED.plusSeconds(1))));
    }

    @Override
    public void stop(String id, Duration grace) {
        calls.add("stop " + id + " " + grace);
    }

    @Override
    public void remove(String id) {
        Optional.ofNullable(all.remove(id))
                .ifPresent(gone ->
                        changes.announce(new ContainerChange(ContainerChange.Kind.REMOVED, gone)));
    }

    @Override
    public void update(String id, ResourceLimits limits) {
        calls.add("update " + id + " " + limits.memoryLimit());
    }

    @Override
    public void reopenLog(String id) {
        calls.add("reopenLog " + id);
    }

    @Override
    public long droppedLogBytes(String id) {
        return 77;
    }

    @Override
    public Optional<Container> find(String idPrefix) {
        return FakeSandboxes.byPrefix(all, idPrefix);
    }

    @Override
    public List<Container> list() {
        return List.copyOf(all.values());
    }

    @Override
    public Announcer<ContainerChange> changes() {
        return changes;
    }

    @Override
    public ExecResult execSync(String id, List<String> argv, Duration timeout, long outputCap) {
        calls.add("exec " + id + " " + argv + " " + timeout);
        return new ExecResult(3, Bytes.utf8("out"), Bytes.utf8("err"));
    }
}
