package io.carpel.agent.pod;

import io.carpel.agent.translate.Requests;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.sandbox.SandboxState;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.Announcer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Sandboxes without a kernel: a table, the announcements, and a place to stop or fail in `run`.
public final class FakeSandboxes implements Sandboxes {
    private final Map<String, Sandbox> all = new ConcurrentSkipListMap<>();
    private final Announcer<SandboxChange> changes = new Announcer<>();

    /// How often `run` was called.
    public final AtomicInteger runs = new AtomicInteger();

    /// Ids that were stopped, in order.
    public final List<String> stopped = new ArrayList<>();

    /// Runs inside `run`, before there is anything.
    public volatile Runnable duringRun = () -> {};

    @Override
    public Sandbox run(SandboxSpec spec) {
        runs.incrementAndGet();
        duringRun.run();
        Sandbox sandbox = Requests.snapshot(spec);
        all.put(spec.id(), sandbox);
        changes.announce(new SandboxChange(SandboxChange.Kind.READY, sandbox));
        return sandbox;
    }

    @Override
    public void stop(String id) {
        stopped.add(id);
        all.computeIfPresent(id, (_, sandbox) -> notReady(sandbox));
    }

    private static Sandbox notReady(Sandbox ready) {
        return new Sandbox(
                ready.id(),
                ready.spec(),
                new SandboxState.NotReady(ready.createdAt(), "stopped"),
                ready.createdAt(),
                ready.addresses(),
                ready.pins(),
                ready.shm(),
                ready.reaperPid(),
                ready.cgroupParent(),
                ready.note());
    }

    @Override
    public void remove(String id) {
        Optional.ofNullable(all.remove(id))
                .ifPresent(gone ->
                        changes.announce(new SandboxChange(SandboxChange.Kind.REMOVED, gone)));
    }

    @Override
    public void note(String id, Bytes bytes) {
        all.computeIfPresent(
                id,
                (_, before) ->
                        new Sandbox(
                                before.id(),
                                before.spec(),
                                before.state(),
                                before.createdAt(),
                                before.addresses(),
                                before.pins(),
                                before.shm(),
                                before.reaperPid(),
                                before.cgroupParent(),
                                Optional.of(bytes)));
    }

    @Override
    public Optional<Sandbox> find(String idPrefix) {
        return FakeSandboxes.byPrefix(all, idPrefix);
    }

    static <T> Optional<T> byPrefix(Map<String, T> all, String prefix) {
        if (all.containsKey(prefix)) {
            return Optional.of(all.get(prefix));
        }
        List<String> ids = all.keySet().stream().filter(id -> id.startsWith(prefix)).toList();
        if (ids.size() > 1) {
            throw new InvalidArgumentException("id '%s' is ambiguous".formatted(prefix));
        }
        return ids.stream().map(all::get).findFirst();
    }

    @Override
    public List<Sandbox> list() {
        return List.copyOf(all.values());
    }

    @Override
    public Announcer<SandboxChange> changes() {
        return changes;
    }
}
