package io.carpel.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.lifecycle.BurningSteps;
import io.carpel.runtime.lifecycle.BurningSteps.Burning;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.namespace.IdRangePool;
import io.carpel.runtime.security.FakeSelinuxPolicy;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.DnsSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class SandboxManagerTest implements SandboxContainers {
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2026-11-23T12:00:00Z"), ZoneOffset.UTC);

    @TempDir Path directory;
    private final FakeNamespaces namespaces = new FakeNamespaces();
    private final FakeNetwork network = new FakeNetwork();
    private final FakeSelinuxPolicy policy = new FakeSelinuxPolicy();
    private SelinuxLabel selinux = policy.label();
    private final List<String> asked = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private StateLayout layout = StateLayout.standard();
    private ObjectTable<Sandbox, SandboxChange> table = Sandbox.table();
    private final WorkRoom work = WorkRoom.open(CLOCK);

    @Override
    public void stopAll(String sandboxId) {
        asked.add("stop " + sandboxId);
    }

    @Override
    public void removeAll(String sandboxId) {
        asked.add("remove " + sandboxId);
    }

    @BeforeEach
    void layOut() {
        layout = new StateLayout(directory.resolve("run"), directory, directory.resolve("netns"));
    }

    private SandboxRooms rooms() {
        return new SandboxRooms(
                namespaces,
                new IdRangePool(directory.resolve("subuid"), directory.resolve("subgid")),
                selinux,
                network,
                new RecordStore<>(
                        layout.sandboxes(),
                        SandboxRecord.class,
                        SandboxRecord.VERSION,
                        RecordStore.mapper()),
                this,
                work);
    }

    private SandboxSettings settings() throws IOException {
        Path etc = Files.createDirectories(directory.resolve("etc"));
        Files.writeString(etc.resolve("resolv.conf"), "nameserver 192.0.2.1\n");
        return new SandboxSettings(
                layout,
                "carpel",
                parent -> parent.isEmpty() ? "/carpel" : parent,
                etc,
                1 << 20,
                Map.of("kernel.shm_rmid_forced", "1"),
                CgroupPlacement.none());
    }

    private List<Step<SandboxDraft>> steps() throws IOException {
        return new SandboxSteps(rooms(), settings(), CLOCK).list();
    }

    private SandboxManager manager(List<Step<SandboxDraft>> steps) throws IOException {
        table = Sandbox.table();
        table.changes().subscribe(c -> heard.add(c.kind() + " " + c.sandbox().id()));
        return new SandboxManager(table, rooms(), settings(), steps, CLOCK);
    }

    private SandboxManager manager() throws IOException {
        return manager(steps());
    }

    private SandboxSpec spec(int number) {
        return Specs.sandbox(
                Specs.id(number),
                Specs.ownNamespaces(PidMode.CONTAINER),
                directory.resolve("logs/" + number));
    }

    @Test
    void runsAndListsAndForgets() throws IOException {
        SandboxManager manager = manager();
        Sandbox made = manager.run(spec(1));

        assertThat(made.isReady()).isTrue();
        assertThat(made.addresses()).containsExactly("10.0.0.2", "fd00::2");
        assertThat(made.pins().net())
                .contains(directory.resolve("netns/carpel-" + Specs.id(1).substring(0, 13)));
        assertThat(made.cgroupParent()).isEqualTo("/carpel");
        assertThat(manager.list()).containsExactly(manager.get(Specs.id(1)));
        assertThat(manager.find("00000001")).contains(made);
        Path files = layout.sandboxFiles(Specs.id(1));
        assertThat(files.resolve("resolv.conf")).hasContent("nameserver 192.0.2.1");
        assertThat(files.resolve("hostname")).hasContent("pod-host");
        assertThat(Files.readString(files.resolve("hosts"))).endsWith("10.0.0.2\tpod-host\n");
        assertThat(directory.resolve("logs/1")).isDirectory();

        manager.stop(Specs.id(1));
        assertThat(manager.get(Specs.id(1)).isReady()).isFalse();
        assertThat(network.attached).isEmpty();
        assertThat(namespaces.held).isEmpty();
        manager.stop(Specs.id(1));
        assertThat(network.detaches).hasValue(1);
        manager.remove(Specs.id(1));
        manager.remove(Specs.id(1));
        manager.stop("unknown");

        assertThat(manager.list()).isEmpty();
        assertThatThrownBy(() -> manager.get(Specs.id(1))).isInstanceOf(NotFoundException.class);
        assertNothingLeft();
        assertThat(heard)
                .containsExactly(
                        "READY " + Specs.id(1), "STOPPED " + Specs.id(1), "REMOVED " + Specs.id(1));
        assertThat(asked).contains("stop " + Specs.id(1), "remove " + Specs.id(1));
    }

    @Test
    void aSandboxHasTheParametersOfEverySandbox() throws IOException {
        manager().run(spec(1));
        assertThat(namespaces.sysctls).isEqualTo(Map.of("kernel.shm_rmid_forced", "1"));
    }

    @Test
    void whateverStepFailsNothingIsLeft() throws IOException {
        for (Burning<SandboxDraft> burning : BurningSteps.of(steps())) {
            SandboxManager manager = manager(burning.steps());
            assertThatThrownBy(() -> manager.run(spec(1)))
                    .as("step %s", burning.name())
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessage(
                            "sandbox %s: could not %s: %s"
                                    .formatted(Specs.id(1), burning.name(), BurningSteps.REASON));
            assertThat(manager.list()).isEmpty();
            assertThat(work.board().list()).isEmpty();
            assertNothingLeft();
        }
        assertThat(heard).isEmpty();
        assertThat(manager().run(spec(1)).isReady()).isTrue();
    }

    @Test
    void aFailedAttachIsDetached() throws IOException {
        network.failAttach = true;
        SandboxManager manager = manager();
        assertThatThrownBy(() -> manager.run(spec(1)))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("the plugin said no");
        assertNothingLeft();
    }

    @Test
    void aFailedDetachIsTriedAgainByTheNextStop() throws IOException {
        SandboxManager manager = manager();
        manager.run(spec(1));
        network.failDetach = true;
        assertThatThrownBy(() -> manager.stop(Specs.id(1)))
                .isInstanceOf(UnavailableException.class);
        assertThat(manager.get(Specs.id(1)).isReady()).isFalse();
        assertThatThrownBy(() -> table.get(Specs.id(1)).requireReady())
                .isInstanceOf(ContainerRuntimeException.class)
                .hasMessageContaining("it was stopped");
        network.failDetach = false;
        manager.remove(Specs.id(1));
        assertNothingLeft();
    }

    @Test
    void isStoppedAndRemovedThoughNothingCanBeWrittenDown() throws IOException {
        SandboxManager manager = manager();
        manager.run(spec(1));
        // As on a full disk: the file beside the record cannot be written.
        Path record = layout.sandbox(Specs.id(1)).resolve("record.json");
        byte[] before = Files.readAllBytes(record);
        Files.createDirectories(record.resolveSibling("record.json.new").resolve("in the way"));
        assertThatThrownBy(() -> manager.note(Specs.id(1), Bytes.copyOf(new byte[] {1})))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("record.json");

        manager.stop(Specs.id(1));
        assertThat(manager.get(Specs.id(1)).isReady()).isFalse();
        assertThat(network.attached).isEmpty();
        assertThat(namespaces.held).isEmpty();
        assertThat(record).hasBinaryContent(before);
        manager.remove(Specs.id(1));
        assertThat(manager.list()).isEmpty();
        assertNothingLeft();
    }

    @Test
    void refusesASecondOneOfTheSameId() throws IOException {
        SandboxManager manager = manager();
        manager.run(spec(1));
        assertThatThrownBy(() -> manager.run(spec(1))).isInstanceOf(AlreadyExistsException.class);
        assertThat(manager.get(Specs.id(1)).isReady()).isTrue();
    }

    @Test
    void oneThatHangsBlocksNobodyElseAndSaysWhere() throws Exception {
        SandboxManager manager = manager();
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        manager.run(spec(3));
        network.onAttach =
                () -> {
                    network.onAttach = () -> {};
                    reached.countDown();
                    awaitQuietly(release);
                };
        Thread stuck = Thread.ofVirtual().start(() -> manager.run(spec(1)));
        assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();

        assertThat(work.board().list())
                .singleElement()
                .satisfies(item -> {
                    assertThat(item.subject().id()).isEqualTo(Specs.id(1));
                    assertThat(item.step()).isEqualTo("attach the network");
                });
        assertThat(manager.list()).hasSize(1);
        manager.run(spec(2));
        manager.remove(Specs.id(3));
        assertThat(manager.list()).extracting(Sandbox::id).containsExactly(Specs.id(2));

        release.countDown();
        stuck.join();
        assertThat(manager.list()).hasSize(2);
        assertThat(manager.list())
                .extracting(Sandbox::createdAt)
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void takesUpWhatAnEarlierProcessLeft() throws IOException {
        SandboxManager before = manager();
        Sandbox kept = before.run(spec(1));
        before.run(spec(2));
        namespaces.held.remove(layout.sandboxPins(Specs.id(2)).resolve("ipc"));

        SandboxManager after = manager();
        after.recover(heard::add);

        assertThat(after.get(Specs.id(1))).isEqualTo(kept);
        assertThat(after.get(Specs.id(1)).spec().payload())
                .isEqualTo(Bytes.utf8("payload of " + Specs.id(1)));
        assertThat(after.get(Specs.id(2)).state())
                .isEqualTo(new SandboxState.NotReady(CLOCK.instant(), "its namespaces are gone"));
        assertThat(after.run(spec(4)).createdAt()).isAfter(kept.createdAt());
        for (int n : List.of(1, 2, 4)) {
            after.remove(Specs.id(n));
        }
        assertNothingLeft();
    }

    /// As a process that is killed in the middle of making a sandbox.
    private void leaveHalfMade() throws IOException {
        List<Step<SandboxDraft>> steps = new ArrayList<>(steps());
        steps.set(
                4,
                new Step<>(
                        "die",
                        draft -> {
                            draft.undo.commit();
                            throw new IOException("killed");
                        }));
        SandboxManager before = manager(steps);
        assertThatThrownBy(() -> before.run(spec(1))).hasMessageContaining("killed");
    }

    @Test
    void takesApartWhatWasHalfMadeWhenTheProcessDied() throws IOException {
        leaveHalfMade();
        assertThat(network.attached).isNotEmpty();

        SandboxManager after = manager();
        after.recover(heard::add);
        assertThat(heard).anyMatch(f -> f.contains("was half made: taken apart"));

        assertThat(after.list()).isEmpty();
        assertThat(layout.sandbox(Specs.id(1))).doesNotExist();
        // Nobody waits for its network, which may hang; the sweep of networks finds it.
        assertThat(network.detaches).hasValue(0);
    }

    @Test
    void whatWasHalfMadeAndDoesNotLetGoIsTakenApartLater() throws IOException {
        leaveHalfMade();

        namespaces.failRemove = true;
        SandboxManager after = manager();
        after.recover(heard::add);
        assertThat(after.list()).isEmpty();
        assertThat(layout.sandbox(Specs.id(1))).exists();

        namespaces.failRemove = false;
        while (Files.exists(layout.sandbox(Specs.id(1)))) {
            Thread.onSpinWait();
        }
    }

    @Test
    void isNotReadyOnceTheFirstProcessOfItsPidNamespaceHasEnded() throws Exception {
        Process reaper = new ProcessBuilder("sleep", "600").start();
        namespaces.reaper = ProcessIdentity.of((int) reaper.pid());
        SandboxManager manager = manager();
        manager.run(spec(1));
        manager.checkAll();
        assertThat(manager.get(Specs.id(1)).isReady()).isTrue();
        reaper.destroyForcibly().waitFor();
        manager.checkAll();
        assertThat(manager.get(Specs.id(1)).isReady()).isFalse();
        assertThat(heard).endsWith("STOPPED " + Specs.id(1));
    }

    private SandboxSpec remapped(int number) {
        return new SandboxSpecDraft(spec(number))
                .remapped("remap", new RemapSpec("carpel", 1000))
                .spec();
    }

    private static long firstUid(Sandbox sandbox) {
        return sandbox.spec().namespaces().user().orElseThrow().hostRootUid();
    }

    @Test
    void idsAreASandboxesOwnUntilItIsRemovedAndOverRestarts() throws IOException {
        Files.writeString(directory.resolve("subuid"), "carpel:100000:3000\n");
        Files.writeString(directory.resolve("subgid"), "carpel:500000:3000\n");
        SandboxManager manager = manager();
        Sandbox one = manager.run(remapped(1));
        assertThat(one.spec().namespaces().user().orElseThrow().gids())
                .containsExactly(new IdMapping(0, 500_000, 1000));
        assertThat(firstUid(one)).isEqualTo(100_000);
        assertThat(firstUid(manager.run(remapped(2)))).isEqualTo(101_000);
        manager.stop(Specs.id(1));

        SandboxManager restarted = manager();
        restarted.recover(_ -> {});
        assertThat(firstUid(restarted.run(remapped(3)))).isEqualTo(102_000);
        assertThatThrownBy(() -> restarted.run(remapped(4)))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessageContaining("carpel");
        restarted.remove(Specs.id(1));
        assertThat(firstUid(restarted.run(remapped(4)))).isEqualTo(100_000);
    }

    private SandboxSpec labelled(int number, SelinuxSpec parts) {
        return new SandboxSpecDraft(spec(number)).selinux(parts).spec();
    }

    @Test
    void aLevelIsASandboxesOwnUntilItIsRemovedAndOverRestarts() throws IOException {
        policy.categories = 3;
        SandboxManager manager = manager();
        Sandbox one = manager.run(spec(1));
        assertThat(one.spec().label().level()).matches("s0:c\\d,c\\d");
        Sandbox two = manager.run(labelled(2, new SelinuxSpec("", "", "web_t", "")));
        assertThat(two.spec().label().type()).isEqualTo("web_t");
        manager.stop(Specs.id(1));
        selinux = policy.label();
        SandboxManager restarted = manager();
        restarted.recover(_ -> {});
        assertThat(restarted.get(Specs.id(2)).spec().label()).isEqualTo(two.spec().label());
        Sandbox three = restarted.run(spec(3));
        assertThat(three.spec().label().level())
                .isNotIn(one.spec().label().level(), two.spec().label().level());
        assertThatThrownBy(() -> restarted.run(spec(4)))
                .isInstanceOf(ResourceExhaustedException.class);
        restarted.remove(Specs.id(1));
        network.failAttach = true;
        assertThatThrownBy(() -> restarted.run(spec(4)))
                .isNotInstanceOf(ResourceExhaustedException.class);
        network.failAttach = false;
        assertThat(restarted.run(spec(4)).spec().label()).isEqualTo(one.spec().label());
    }

    @Test
    void aLevelThatCannotBeIsRefusedAndLeavesNothing() throws IOException {
        SandboxManager manager = manager();
        assertThatThrownBy(() -> manager.run(labelled(1, SelinuxSpec.none().with("s0,c1"))))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("selinux level 's0,c1' is not like s0 or s0:c1,c2");
        policy.enabled = false;
        assertThat(manager.run(spec(1)).spec().selinux()).isEmpty();
    }

    @Test
    void whatTheCallerPutsDownLaterIsKeptOverRestartsAndThroughStopping() throws IOException {
        SandboxManager manager = manager();
        manager.run(spec(1));
        assertThat(manager.get(Specs.id(1)).note()).isEmpty();
        manager.note(Specs.id(1), Bytes.utf8("first"));
        manager.note(Specs.id(1), Bytes.utf8("second"));
        SandboxManager restarted = manager();
        restarted.recover(_ -> {});
        assertThat(restarted.get(Specs.id(1)).note()).contains(Bytes.utf8("second"));
        restarted.stop(Specs.id(1));
        assertThat(restarted.get(Specs.id(1)).note()).contains(Bytes.utf8("second"));
        assertThat(restarted.get(Specs.id(1)).isReady()).isFalse();
        restarted.remove(Specs.id(1));
        assertThatThrownBy(() -> restarted.note(Specs.id(1), Bytes.empty()))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void aSandboxThatCannotBeMadeHoldsNoIds() throws IOException {
        Files.writeString(directory.resolve("subuid"), "carpel:100000:1000\n");
        Files.writeString(directory.resolve("subgid"), "carpel:100000:1000\n");
        SandboxManager manager = manager();
        network.failAttach = true;
        assertThatThrownBy(() -> manager.run(remapped(1)));
        network.failAttach = false;
        assertThat(firstUid(manager.run(remapped(2)))).isEqualTo(100_000);
    }

    @Test
    void refusesWhatWouldSmuggleLinesIntoFiles() throws IOException {
        SandboxManager manager = manager();
        for (String bad : List.of("a\nb", "a b", "x".repeat(65), "a/b", "a:b", "ä")) {
            SandboxSpec evil = new SandboxSpecDraft(spec(1)).hostname(bad).spec();
            assertThatThrownBy(() -> manager.run(evil))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("hostname");
        }
        assertThatThrownBy(() ->
                        new DnsSpec(List.of("1.1.1.1\nnameserver 6.6.6.6"), List.of(), List.of()))
                .isInstanceOf(InvalidArgumentException.class);
        assertNothingLeft();
    }

    private void assertNothingLeft() throws IOException {
        assertThat(network.attached).isEmpty();
        assertThat(namespaces.held).isEmpty();
        if (Files.exists(layout.sandboxes())) {
            try (var entries = Files.list(layout.sandboxes())) {
                assertThat(entries).isEmpty();
            }
        }
        if (Files.exists(layout.netnsDir())) {
            try (var entries = Files.list(layout.netnsDir())) {
                assertThat(entries).isEmpty();
            }
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
