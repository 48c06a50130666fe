package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.sandbox.ContainerSpecDraft;
import io.carpel.runtime.sandbox.SandboxFixture;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.security.AppArmorProfile;
import io.carpel.runtime.security.Capabilities;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trash;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.ObjectMapper;

/// A manager of containers on fakes, and what it should leave behind: nothing.
abstract class ContainerManagerFixture {
    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-23T12:00:00Z"), ZoneOffset.UTC);
    static final String ID = Specs.id(7);

    @TempDir Path directory;
    final FakeShims shims = new FakeShims();
    final FakeCgroups cgroups = new FakeCgroups();
    final FakeImages images = new FakeImages();
    final List<String> heard = new CopyOnWriteArrayList<>();
    SelinuxLabel selinux = SelinuxLabel.host(false);
    StateLayout layout = StateLayout.standard();
    SandboxFixture sandboxes = new SandboxFixture(layout);
    ObjectTable<Container, ContainerChange> table = Container.table();
    final WorkRoom work = WorkRoom.open(CLOCK);

    private Trash trash;

    @BeforeEach
    void layOut() throws IOException {
        layout =
                new StateLayout(
                        directory.resolve("run"),
                        directory.resolve("lib"),
                        directory.resolve("netns"));
        trash = Trash.open(new LinuxFileCalls(), layout.trash());
        sandboxes = new SandboxFixture(layout, selinux);
        sandboxes.run(
                Specs.sandbox(
                        Specs.id(1),
                        Specs.ownNamespaces(PidMode.CONTAINER),
                        directory.resolve("logs")));
    }

    @AfterEach
    void emptyNoMore() {
        trash.close();
    }

    ContainerRooms rooms() {
        ObjectMapper mapper = RecordStore.mapper();
        return new ContainerRooms(
                sandboxes.table(),
                images,
                cgroups,
                shims,
                new ProcessPolicy(
                        new Capabilities(Capabilities.all()),
                        Capabilities.defaults(),
                        (_, _) -> Bytes.empty(),
                        AppArmorProfile.host(),
                        selinux,
                        new HostBounds(0, -1L, Map.of())),
                new RecordStore<>(
                        layout.containers(),
                        ContainerRecord.class,
                        ContainerRecord.VERSION,
                        mapper),
                new ProcessStore(layout, mapper),
                trash,
                work);
    }

    ContainerSettings settings() {
        return new ContainerSettings(
                layout, CgroupPlacement.none(), Path.of("/dev"), true, () -> true, List::of);
    }

    List<Step<ContainerDraft>> steps() {
        return new ContainerSteps(
                        rooms(),
                        settings(),
                        id -> table.get(id),
                        ContainerManager.launching(rooms().launcher()))
                .list();
    }

    ContainerManager manager(List<Step<ContainerDraft>> steps) {
        table = Container.table();
        table.changes().subscribe(c -> heard.add(c.kind().name()));
        return new ContainerManager(table, rooms(), settings(), steps, CLOCK);
    }

    ContainerManager manager() {
        return manager(steps());
    }

    ContainerSpec spec() {
        return Specs.container(
                ID, sandboxes.table().get(Specs.id(1)).spec(), "busybox", List.of("sleep", "9"));
    }

    ContainerSpec spec(PidMode pid, List<MountSpec> mounts, boolean privileged) {
        return new ContainerSpecDraft(spec()).pid(pid).mounts(mounts).privileged(privileged).spec();
    }

    ContainerSpec logTo(Path log) {
        return new ContainerSpecDraft(spec()).log(log).spec();
    }

    FakeShim shim() {
        FakeShim shim = shims.launched.get(ID);
        assertThat(shim).isNotNull();
        return java.util.Objects.requireNonNull(shim);
    }

    void assertNothingLeft() throws IOException {
        assertThat(shims.alive()).isZero();
        assertThat(cgroups.groups).isEmpty();
        assertThat(cgroups.kept).isEmpty();
        assertThat(images.leases).isEmpty();
        for (Path place : List.of(layout.containers(), layout.writableLayers())) {
            if (Files.exists(place)) {
                try (var entries = Files.list(place)) {
                    assertThat(entries).isEmpty();
                }
            }
        }
    }
}
