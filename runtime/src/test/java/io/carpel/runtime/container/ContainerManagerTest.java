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
import io.carpel.runtime.lifecycle.BurningSteps;
import io.carpel.runtime.lifecycle.BurningSteps.Burning;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.PidMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ContainerManagerTest extends ContainerManagerFixture {
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
}
