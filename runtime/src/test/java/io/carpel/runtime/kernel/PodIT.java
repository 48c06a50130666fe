package io.carpel.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.container.ExecResult;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The life of a pod on the host's network: run, create, start, exec, exit, log, remove.
@Timeout(60)
final class PodIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itpod");

    private static final NamespaceSpec HOST_NETWORK =
            new NamespaceSpec(true, false, PidMode.CONTAINER, Optional.empty());

    private final RuntimeUnderTest under = HOST.under();

    @Test
    void runsACommandAndKeepsItsOutputAndCode() throws IOException {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container container = under.start(sandbox, "sh", "-c", "echo out; echo err >&2; exit 42");
        ContainerState.Exited end = under.awaitExit(container.id());
        assertThat(end.exitCode()).isEqualTo(42);
        assertThat(end.reason()).isEqualTo("Error");
        assertThat(end.startedAt().orElseThrow()).isBeforeOrEqualTo(end.finishedAt());
        assertThat(under.log(container))
                .containsPattern("(?m)^\\S+Z stdout F out$")
                .containsPattern("(?m)^\\S+Z stderr F err$");
    }

    @Test
    void nothingIsMadeInTheWritableLayerForWhatEveryContainerHas() throws IOException {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container container = under.start(sandbox, "sleep", "600");
        assertThat(under.sh(container, "ls -d /dev/null /proc/1 /sys/class && cat /etc/hosts"))
                .contains("localhost");
        Path upper = under.config.layout().upper(container.id());
        try (Stream<Path> made = Files.list(upper)) {
            assertThat(made).isEmpty();
        }
    }

    /// They lie beside this process's own records, and root inside may write to them.
    @Test
    void filesOfThePodTakeNoRoomFromTheHostAndAreNotBelieved() throws IOException {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container hostile =
                under.start(
                        sandbox, "sh", "-c", "head -c 64m /dev/zero > /etc/hostname; sleep 600");
        Path written = under.config.layout().sandboxFiles(sandbox.id()).resolve("hostname");
        assertThat(
                        under.sh(
                                hostile,
                                "while ! dd if=/dev/zero of=/etc/hosts bs=1k count=1 2>&1"
                                        + " | grep -q 'No space'; do :; done; echo full"))
                .contains("full");
        assertThat(Files.size(written)).isBetween(1L << 20, 4L << 20);
        assertThat(Files.getFileStore(written)).isNotEqualTo(Files.getFileStore(under.directory));
        Container next = under.start(sandbox, "sh", "-c", "echo name=$HOSTNAME.");
        under.awaitExit(next.id());
        String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        assertThat(under.log(next)).contains("name=" + name + ".");
    }

    @Test
    void execsInsideAndReturnsOutputAndCode() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container container = under.start(sandbox, "sleep", "600");
        assertThat(under.sh(container, "echo $FROM_IMAGE $HOME")).isEqualTo("yes /root");
        ExecResult result = under.exec(container, "echo bad >&2; exit 3");
        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(RuntimeUnderTest.text(result.stderr().toArray())).isEqualTo("bad\n");
    }

    @Test
    void killsEverythingThatATimedOutExecHasStarted() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container container = under.start(sandbox, "sleep", "600");
        assertThatThrownBy(() ->
                        under.runtime
                                .execs()
                                .execSync(
                                        container.id(),
                                        List.of("sh", "-c", "sleep 333 & sleep 333"),
                                        Duration.ofSeconds(1),
                                        1000))
                .isInstanceOf(DeadlineExceededException.class);
        assertThat(under.sh(container, "ps | grep -v grep | grep -c 'sleep 333' || true"))
                .isEqualTo("0");
    }

    @Test
    void aBackgroundChildDoesNotHoldTheExec() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container container = under.start(sandbox, "sleep", "600");
        long begin = System.nanoTime();
        ExecResult result = under.exec(container, "sleep 300 & echo done");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
        assertThat(RuntimeUnderTest.text(result.stdout().toArray())).isEqualTo("done\n");
    }

    @Test
    void keepsNoMoreOutputThanAsked() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container container = under.start(sandbox, "sleep", "600");
        ExecResult result =
                under.runtime
                        .execs()
                        .execSync(
                                container.id(),
                                List.of("sh", "-c", "dd if=/dev/zero bs=65536 count=320"),
                                Duration.ofSeconds(20),
                                1 << 20);
        assertThat(result.exitCode()).isZero();
        assertThat(result.stdout().size() + result.stderr().size()).isEqualTo(1 << 20);
    }

    @Test
    void aMissingProgramIsAnErrorOfTheStart() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        ContainerSpec spec = under.containerSpec(sandbox, "/no/such/program");
        under.runtime.containers().create(spec);
        assertThatThrownBy(() -> under.runtime.containers().start(spec.id()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("/no/such/program");
        ContainerState.Exited end = under.awaitExit(spec.id());
        assertThat(end.exitCode()).isEqualTo(128);
        assertThat(end.reason()).isEqualTo("StartError");
    }

    @Test
    void stopsWithTheSignalAndThenByForce() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container polite =
                under.start(sandbox, "sh", "-c", "trap 'exit 7' TERM; echo up; sleep 600 & wait");
        RuntimeUnderTest.await("the trap", () -> logHolds(polite, "up"));
        under.runtime.containers().stop(polite.id(), Duration.ofSeconds(20));
        assertThat(under.awaitExit(polite.id()).exitCode()).isEqualTo(7);

        Container stubborn = under.start(sandbox, "sh", "-c", "trap '' TERM; echo up; sleep 600");
        RuntimeUnderTest.await("the trap", () -> logHolds(stubborn, "up"));
        under.runtime.containers().stop(stubborn.id(), Duration.ofMillis(200));
        assertThat(under.awaitExit(stubborn.id()).exitCode()).isEqualTo(137);
    }

    @Test
    void stoppingTheSandboxEndsItsContainers() {
        Sandbox sandbox = under.run(HOST_NETWORK);
        Container one = under.start(sandbox, "sleep", "600");
        Container two = under.start(sandbox, "sleep", "600");
        ContainerSpec created = under.containerSpec(sandbox, "sleep", "600");
        under.runtime.containers().create(created);
        under.runtime.sandboxes().stop(sandbox.id());
        for (String id : List.of(one.id(), two.id(), created.id())) {
            assertThat(under.awaitExit(id).exitCode()).isEqualTo(137);
        }
        assertThat(under.runtime.sandboxes().get(sandbox.id()).isReady()).isFalse();
    }

    private boolean logHolds(Container container, String text) {
        try {
            return under.log(container).contains(text);
        } catch (IOException _) {
            return false;
        }
    }
}
