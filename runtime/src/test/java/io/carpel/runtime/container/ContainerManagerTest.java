package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.ContainerState.Created;
import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.container.ContainerState.Running;
import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.lifecycle.BurningSteps;
import io.carpel.runtime.lifecycle.BurningSteps.Burning;
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
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trash;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.ObjectMapper;

@Timeout(30)
final class ContainerManagerTest {
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2026-11-23T12:00:00Z"), ZoneOffset.UTC);
    private static final String ID = Specs.id(7);

    @TempDir Path directory;
    private final FakeShims shims = new FakeShims();
    private final FakeCgroups cgroups = new FakeCgroups();
    private final FakeImages images = new FakeImages();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private StateLayout layout = StateLayout.standard();
    private SandboxFixture sandboxes = new SandboxFixture(layout);
    private ObjectTable<Container, ContainerChange> table = Container.table();
    private final WorkRoom work = WorkRoom.open(CLOCK);

    private Trash trash;

    @BeforeEach
    void layOut() throws IOException {
        layout =
                new StateLayout(
                        directory.resolve("run"),
                        directory.resolve("lib"),
                        directory.resolve("netns"));
        trash = Trash.open(new LinuxFileCalls(), layout.trash());
        sandboxes = new SandboxFixture(layout);
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

    private ContainerRooms rooms() {
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
                        SelinuxLabel.probe(),
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

    private ContainerSettings settings() {
        return new ContainerSettings(
                layout, CgroupPlacement.none(), Path.of("/dev"), true, () -> true, List::of);
    }

    private List<Step<ContainerDraft>> steps() {
        return new ContainerSteps(
                        rooms(),
                        settings(),
                        id -> table.get(id),
                        ContainerManager.launching(rooms().launcher()))
                .list();
    }

    private ContainerManager manager(List<Step<ContainerDraft>> steps) {
        table = Container.table();
        table.changes().subscribe(c -> heard.add(c.kind().name()));
        return new ContainerManager(table, rooms(), settings(), steps, CLOCK);
    }

    private ContainerManager manager() {
        return manager(steps());
    }

    private ContainerSpec spec() {
        return Specs.container(
                ID, sandboxes.table().get(Specs.id(1)).spec(), "busybox", List.of("sleep", "9"));
    }

    private ContainerSpec spec(PidMode pid, List<MountSpec> mounts, boolean privileged) {
        return new ContainerSpecDraft(spec()).pid(pid).mounts(mounts).privileged(privileged).spec();
    }

    private ContainerSpec logTo(Path log) {
        return new ContainerSpecDraft(spec()).log(log).spec();
    }

    @Test
    void livesThroughAllStates() throws IOException {
        ContainerManager manager = manager();
        Container made = manager.create(spec());
        assertThat(made.state()).isInstanceOf(Created.class);
        assertThat(made.imageId()).isEqualTo(FakeImages.ID);
        assertThat(made.imageRef()).startsWith("example.test/busybox@sha256:");
        assertThat(made.imageTag()).isEqualTo("example.test/busybox:1");
        assertThat(made.stopSignal()).isEqualTo(10);
        assertThat(made.argv()).containsExactly("sleep", "9");
        assertThat(made.cgroup()).isEqualTo("/carpel/" + ID);
        assertThat(images.leases).containsExactly(FakeImages.ID + " " + ID);

        manager.start(ID);
        assertThat(manager.get(ID).state())
                .isEqualTo(new Running(made.pid().orElseThrow(), FakeShim.STARTED));
        assertThatThrownBy(() -> manager.start(ID)).isInstanceOf(FailedPreconditionException.class);

        shim().end(3, 0, 0);
        assertThat(manager.get(ID).state())
                .isEqualTo(
                        new Exited(
                                3, "Error", "", Optional.of(FakeShim.STARTED), FakeShim.FINISHED));
        assertThat(cgroups.groups).isEmpty();
        manager.stop(ID, Duration.ofSeconds(5));

        manager.remove(ID);
        manager.remove(ID);
        assertThat(manager.list()).isEmpty();
        assertThat(heard).containsExactly("CREATED", "STARTED", "STOPPED", "REMOVED");
        assertNothingLeft();
    }

    /// Hundreds of containers with a megabyte of variables each must not fill the heap.
    @Test
    void variablesAreKeptForExecsOnlyAndInOnePlace() throws IOException {
        EnvVar secret = new EnvVar("TOKEN", Bytes.utf8("s3cret"));
        ContainerManager manager = manager();
        Container made = manager.create(new ContainerSpecDraft(spec()).env(List.of(secret)).spec());
        manager.start(ID);
        assertThat(made.spec().process().env()).isEmpty();
        assertThat(manager.get(ID).spec().process().env()).isEmpty();
        assertThat(Files.readString(layout.container(ID).resolve("record.json")))
                .doesNotContain("TOKEN", secret.value().base64());
        assertThat(manager.running(ID).process.get().env()).contains(secret);
        assertThat(new KeptProcess(rooms().processes(), ID).get().env()).contains(secret);
        assertThatThrownBy(() -> new KeptProcess(rooms().processes(), Specs.id(8)).get())
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(Specs.id(8));
    }

    @Test
    void whateverStepFailsNothingIsLeft() throws IOException {
        for (Burning<ContainerDraft> burning : BurningSteps.of(steps())) {
            ContainerManager manager = manager(burning.steps());
            assertThatThrownBy(() -> manager.create(spec()))
                    .as("step %s", burning.name())
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining(
                            "could not " + burning.name() + ": " + BurningSteps.REASON);
            assertThat(manager.list()).isEmpty();
            assertThat(work.board().list()).isEmpty();
            assertNothingLeft();
        }
        assertThat(heard).isEmpty();
        assertThat(manager().create(spec()).id()).isEqualTo(ID);
    }

    @Test
    void oneThatEndsAtOnceIsToldInOrder() throws IOException {
        List<Step<ContainerDraft>> steps = new ArrayList<>(steps());
        steps.add(new Step<>("die", _ -> shim().end(1, 0, 0)));
        manager(steps).create(spec());
        assertThat(heard).containsExactly("CREATED", "STOPPED");
    }

    @Test
    void aSandboxStoppedMeanwhileTakesTheContainerWithIt() throws IOException {
        List<Step<ContainerDraft>> steps = new ArrayList<>(steps());
        steps.add(new Step<>("meanwhile", _ -> sandboxes.stop(Specs.id(1))));
        ContainerManager manager = manager(steps);
        assertThatThrownBy(() -> manager.create(spec()))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("is not ready");
        assertThat(manager.list()).isEmpty();
        assertNothingLeft();
    }

    @Test
    void aFailedStartIsAnErrorAndAnEnd() throws IOException {
        ContainerManager manager = manager();
        manager.create(spec());
        shim().startError = Optional.of("could not execute 'sleep': no such file");
        assertThatThrownBy(() -> manager.start(ID))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("sleep");
        assertThat(manager.get(ID).state())
                .isEqualTo(
                        new Exited(
                                128,
                                "StartError",
                                "could not execute 'sleep': no such file",
                                Optional.empty(),
                                CLOCK.instant()));
        manager.remove(ID);
        assertNothingLeft();
    }

    @Test
    void asksOnceAndThenKills() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        manager.stop(ID, Duration.ofMillis(50));
        assertThat(shim().signals).containsExactly(10, 9);
        assertThat(manager.get(ID).state()).isInstanceOf(Exited.class);
    }

    @Test
    void doesNotKillOneThatEndsWhenAsked() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        shim().endsOnTerm = true;
        manager.stop(ID, Duration.ofSeconds(20));
        assertThat(shim().signals).containsExactly(10);
    }

    @Test
    void aSecondStopShortensTheFirstOnesWait() throws Exception {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        Thread patient = Thread.ofVirtual().start(() -> manager.stop(ID, Duration.ofHours(1)));
        while (shim().signals.isEmpty()) {
            Thread.onSpinWait();
        }
        manager.stop(ID, Duration.ofMillis(20));
        assertThat(patient.join(Duration.ofSeconds(10))).isTrue();
        assertThat(shim().signals).containsExactly(10, 9);
    }

    @Test
    void killsWhenTheCallerHasGone() throws Exception {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        Thread caller = Thread.ofVirtual().start(() -> manager.stop(ID, Duration.ofMillis(100)));
        while (shim().signals.isEmpty()) {
            Thread.onSpinWait();
        }
        caller.interrupt();
        caller.join();
        Instant deadline = Instant.now().plusSeconds(10);
        while (!(manager.get(ID).state() instanceof Exited) && Instant.now().isBefore(deadline)) {
            Thread.onSpinWait();
        }
        assertThat(shim().signals).containsExactly(10, 9);
    }

    @Test
    void anOomKillIsOneOnlyWhenTheInitWasKilled() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        shim().end(0, 9, 1);
        assertThat(((Exited) manager.get(ID).state()).reason()).isEqualTo("OOMKilled");
    }

    @Test
    void aVanishedShimTakesEverythingAlong() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        shim().vanish();
        Exited state = (Exited) manager.get(ID).state();
        assertThat(state.exitCode()).isEqualTo(255);
        assertThat(state.message()).contains("its shim went away");
        assertThat(cgroups.killed).containsExactly("/carpel/" + ID);
    }

    @Test
    void changesAllLimitsOrNone() {
        ContainerManager manager = manager();
        manager.create(spec());
        ResourceLimits limits =
                new ResourceLimits(0, 0, 512, 1 << 20, 0, 0, 0, "", "", List.of(), Map.of());
        manager.update(ID, limits);
        assertThat(manager.get(ID).resources()).isEqualTo(limits);
        manager.update(ID, new ResourceLimits(0, 0, 0, 0, 0, 500, 0, "", "", List.of(), Map.of()));
        assertThat(manager.get(ID).resources()).as("what its processes have").isEqualTo(limits);
        cgroups.refuseUpdate = true;
        ResourceLimits more = new ResourceLimits(0, 0, 9, 0, 0, 0, 0, "", "", List.of(), Map.of());
        assertThatThrownBy(() -> manager.update(ID, more))
                .isInstanceOf(FailedPreconditionException.class);
        assertThat(manager.get(ID).resources()).isEqualTo(limits);
        assertThatThrownBy(() -> manager.update("x", more)).isInstanceOf(NotFoundException.class);
    }

    @Test
    void limitsThatCannotBeWrittenDownAreTakenBackWhole() throws IOException {
        ContainerManager manager = manager();
        manager.create(spec());
        ResourceLimits before = cgroups.groups.get("/carpel/" + ID);
        ResourceLimits limits =
                new ResourceLimits(0, 0, 512, 1 << 20, 0, 0, 0, "", "", List.of(), Map.of());
        Path record = layout.container(ID).resolve("record.json");
        // A directory of this name cannot be replaced by a file.
        Path aside = Files.move(record, record.resolveSibling("aside"));
        Files.createDirectories(record.resolve("in the way"));
        assertThatThrownBy(() -> manager.update(ID, limits))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("record");
        assertThat(cgroups.groups.get("/carpel/" + ID)).isEqualTo(before);
        assertThat(manager.get(ID).resources()).isEqualTo(before);
        Files.delete(record.resolve("in the way"));
        Files.delete(record);
        Files.move(aside, record);
    }

    @Test
    void limitsOfOneThatEndsMeanwhileAreAMatterOfItsState() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        cgroups.duringUpdate = () -> shim().end(0, 0, 0);
        assertThatThrownBy(() -> manager.update(ID, ResourceLimits.none()))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("has ended");
    }

    @Test
    void refusesWhatItsSandboxDoesNotAllow() throws IOException {
        ContainerManager manager = manager();
        assertThatThrownBy(() -> manager.create(spec(PidMode.HOST, List.of(), false)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("pid mode host");
        assertThatThrownBy(() -> manager.create(spec(PidMode.POD, List.of(), false)))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> manager.create(spec(PidMode.CONTAINER, List.of(), true)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("privileged");
        for (String bad : List.of("/etc/passwd", "logs/../x", "logs")) {
            Path log = bad.startsWith("/") ? Path.of(bad) : directory.resolve(bad);
            assertThatThrownBy(() -> manager.create(logTo(log)))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("log path");
        }
        Files.createSymbolicLink(directory.resolve("logs/link"), directory);
        assertThatThrownBy(() -> manager.create(logTo(directory.resolve("logs/link/x.log"))))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("by a link");
        assertNothingLeft();
    }

    @Test
    void refusesADoubleAndAnUnknownImage() throws IOException {
        ContainerManager manager = manager();
        manager.create(spec());
        assertThatThrownBy(() -> manager.create(spec())).isInstanceOf(AlreadyExistsException.class);
        manager.remove(ID);
        ContainerSpec nope =
                Specs.container(
                        ID, sandboxes.table().get(Specs.id(1)).spec(), "nope", List.of("x"));
        assertThatThrownBy(() -> manager.create(nope))
                .isInstanceOf(NotFoundException.class)
                .hasMessage("image nope is not present");
        assertNothingLeft();
    }

    @Test
    void aContainerWhoseExitRecordCannotBeReadHasEndedAllTheSame() throws IOException {
        manager().create(spec());
        shims.launched.clear(); // neither process nor shim lives on
        Files.writeString(layout.exitRecord(ID), "version 77\n");
        List<String> findings = new ArrayList<>();
        ContainerManager later = manager();
        later.recover(findings::add);
        assertThat(later.get(ID).state())
                .isInstanceOfSatisfying(Exited.class, e -> assertThat(e.exitCode()).isEqualTo(255));
        assertThat(findings).anyMatch(each -> each.contains("not a complete record"));
    }

    /// Neither record nor shim tell any more where its processes are.
    @Test
    void aBrokenRecordWithoutAShimLeavesNoCgroup() throws IOException {
        manager().create(spec());
        shims.launched.clear();
        Files.writeString(layout.container(ID).resolve("record.json"), "{");
        assertThat(cgroups.groups).isNotEmpty();
        ContainerManager later = manager();
        later.recover(_ -> {});
        assertThat(later.list()).isEmpty();
        assertThat(cgroups.groups).isEmpty();
        assertThat(layout.container(ID)).doesNotExist();
    }

    /// Its shim hung when one process began, and answers the next one.
    @Test
    void anUnknownOneThatNeverStartedIsCreatedAgain() throws IOException {
        manager().create(spec());
        shim().silent = true;
        ContainerManager second = manager();
        second.recover(_ -> {});
        assertThat(second.get(ID).state()).isInstanceOf(ContainerState.Unknown.class);
        shim().silent = false;
        ContainerManager third = manager();
        third.recover(_ -> {});
        assertThat(third.get(ID).state()).isEqualTo(new Created(shim().pid()));
        third.remove(ID);
        assertNothingLeft();
    }

    @Test
    void stoppingTheSandboxStopsAllItsContainers() throws IOException {
        ContainerManager manager = manager();
        SandboxMembers members = new SandboxMembers(manager);
        for (int n = 10; n < 14; n++) {
            manager.create(
                    Specs.container(
                            Specs.id(n),
                            sandboxes.table().get(Specs.id(1)).spec(),
                            "busybox",
                            List.of("x")));
        }
        members.stopAll(Specs.id(1));
        assertThat(manager.list()).allMatch(c -> c.state() instanceof Exited);
        members.removeAll(Specs.id(1));
        assertThat(manager.list()).isEmpty();
        assertNothingLeft();
    }

    private FakeShim shim() {
        FakeShim shim = shims.launched.get(ID);
        assertThat(shim).isNotNull();
        return java.util.Objects.requireNonNull(shim);
    }

    private void assertNothingLeft() throws IOException {
        assertThat(shims.alive()).isZero();
        assertThat(cgroups.groups).isEmpty();
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
