package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.sandbox.ContainerSpecDraft;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Calls on containers that change or end meanwhile.
@Timeout(30)
final class ContainerChangesTest extends ContainerManagerFixture {
    /// Hundreds of containers with a megabyte of variables each must not fill the heap.
    @Test
    void variablesAreKeptForExecsOnlyAndInOnePlace() throws IOException {
        EnvVar secret = new EnvVar("TOKEN", Bytes.utf8("s3cret"));
        ContainerManager manager = manager();
        Container made = manager.create(new ContainerSpecDraft(spec()).env(List.of(secret)).spec());
        manager.start(ID);
        assertThat(made.spec().process().env()).isEmpty();
        assertThat(made.spec().process().command()).isEmpty();
        assertThat(made.argv()).containsExactly("sleep", "9");
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

    /// Stop waits for no turn: a start can find the container gone.
    @Test
    void aStartThatComesTooLateDidNotFail() {
        ContainerManager manager = manager();
        manager.create(spec());
        shim().duringStart = () -> shim().end(0, 9, 0);
        assertThatThrownBy(() -> manager.start(ID))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("has ended");
        Exited state = (Exited) manager.get(ID).state();
        assertThat(state.exitCode()).isEqualTo(137);
        assertThat(state.reason()).isEqualTo("Error");
    }

    @Test
    void whateverIsAskedOfAShimThatHasGoneIsAMatterOfTheContainersState() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        assertThatThrownBy(() -> manager.attach(ID, false))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("has ended");
        assertThatThrownBy(() ->
                        new ExecManager(manager, sandboxes.table())
                                .execSync(ID, List.of("true"), Duration.ofSeconds(1), 100))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("has ended");
    }

    @Test
    void aCommandThatTheEndMeetsInItsSetupHasComeTooLate() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        ExecManager execs = new ExecManager(manager, sandboxes.table());
        shim().execCall = "chdir";
        shim().execError = Errno.ENOENT;
        assertThatThrownBy(() -> execs.execSync(ID, List.of("true"), Duration.ZERO, 100))
                .as("a fault while it lives")
                .isInstanceOf(KernelFaultException.class);
        shim().execCall = "clone3";
        shim().execError = Errno.ECHILD;
        shim().duringExec = () -> shim().end(0, 9, 0);
        assertThatThrownBy(() -> execs.execSync(ID, List.of("true"), Duration.ZERO, 100))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("has ended");
    }

    @Test
    void aProgramThatIsNotThereIsAnErrorOfWhoNamedIt() {
        ContainerManager manager = manager();
        manager.create(spec());
        manager.start(ID);
        ExecManager execs = new ExecManager(manager, sandboxes.table());
        shim().execError = Errno.ENOENT;
        assertThatThrownBy(() -> execs.execSync(ID, List.of("no"), Duration.ZERO, 100))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("execve nothing");
        shim().execError = Errno.EIO;
        assertThatThrownBy(() -> execs.execSync(ID, List.of("no"), Duration.ZERO, 100))
                .isInstanceOf(KernelFaultException.class);
        manager.remove(ID);
        manager.create(spec());
        shim().execError = Errno.EACCES;
        assertThatThrownBy(() -> manager.start(ID)).isInstanceOf(InvalidArgumentException.class);
        assertThat(((Exited) manager.get(ID).state()).reason()).isEqualTo("StartError");
    }

    /// An interrupt comes out of a step as any error of input and output.
    @Test
    void aCreationThatIsBrokenOffSaysSoWhateverItWasAt() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        List<Step<ContainerDraft>> steps = new ArrayList<>(steps());
        steps.add(
                new Step<>(
                        "hang",
                        _ -> {
                            inside.countDown();
                            new CountDownLatch(1).await();
                        }));
        ContainerManager manager = manager(steps);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread caller =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                manager.create(spec());
                            } catch (RuntimeException e) {
                                thrown.set(e);
                            }
                        });
        inside.await();
        manager.stopDrafts(Specs.id(1), Duration.ofSeconds(20));
        caller.join();
        assertThat(thrown.get())
                .isInstanceOf(CancelledException.class)
                .hasMessageContaining("sandbox " + Specs.id(1) + " is being stopped");
        assertNothingLeft();
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
}
