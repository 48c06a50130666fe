package io.carpel.runtime.sandbox;

import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.namespace.IdRangePool;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.work.WorkRoom;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;

/// Sandboxes on fakes, for tests of rooms that need one.
public final class SandboxFixture {
    private final ObjectTable<Sandbox, SandboxChange> table = Sandbox.table();
    private final SandboxManager manager;

    public SandboxFixture(StateLayout layout) {
        this(layout, SelinuxLabel.host(false));
    }

    public SandboxFixture(StateLayout layout, SelinuxLabel selinux) {
        SandboxSettings settings =
                new SandboxSettings(
                        layout,
                        "carpel",
                        parent -> parent.isEmpty() ? "/carpel" : parent,
                        Path.of("/etc"),
                        1 << 20,
                        Map.of(),
                        CgroupPlacement.none());
        SandboxRooms rooms =
                new SandboxRooms(
                        new FakeNamespaces(),
                        IdRangePool.host(),
                        selinux,
                        new FakeNetwork(),
                        new RecordStore<>(
                                layout.sandboxes(),
                                SandboxRecord.class,
                                SandboxRecord.VERSION,
                                RecordStore.mapper()),
                        new SandboxContainers() {
                            @Override
                            public void stopAll(String sandboxId) {}

                            @Override
                            public void removeAll(String sandboxId) {}
                        },
                        WorkRoom.open(Clock.systemUTC()));
        Clock clock = Clock.systemUTC();
        manager =
                new SandboxManager(
                        table,
                        rooms,
                        settings,
                        new SandboxSteps(rooms, settings, clock).list(),
                        clock);
    }

    public void run(SandboxSpec spec) {
        manager.run(spec);
    }

    public void stop(String id) {
        manager.stop(id);
    }

    public ObjectTable<Sandbox, SandboxChange> table() {
        return table;
    }
}
