package io.carpel.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.kernel.RuntimeProcess.Started;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A process that runs pods is killed by SIGKILL, and another one takes them up.
@Timeout(120)
final class RecoveryIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itre");

    private final RuntimeUnderTest under = HOST.under();

    @Test
    void containersRunOnAndTheirLogHasNoGap() throws Exception {
        under.leave();
        Started process =
                Started.start(
                        under.config,
                        under.directory,
                        "CONTAINER",
                        "i=0; while true; do i=$((i+1)); echo line $i; usleep 2000; done",
                        "sleep 600");
        String talker = process.containers().getFirst();
        Path log;
        try {
            log = awaitLine(process, talker, 50);
        } finally {
            process.kill();
        }
        long atDeath = lines(log);
        RuntimeUnderTest.await("lines without a runtime", () -> lines(log) > atDeath + 50);

        under.reopen();

        Container running = under.runtime.containers().get(talker);
        assertThat(running.state()).isInstanceOf(ContainerState.Running.class);
        assertThat(running.spec().payload()).isEqualTo(Bytes.utf8("payload of " + talker));
        Sandbox sandbox = under.runtime.sandboxes().get(process.sandbox());
        assertThat(sandbox.isReady()).isTrue();
        assertThat(sandbox.spec().payload())
                .isEqualTo(Bytes.utf8("payload of " + process.sandbox()));
        assertThat(under.sh(running, "ip -4 addr show eth0"))
                .contains(sandbox.addresses().getFirst());
        assertThat(under.runtime.findings()).isEmpty();
        under.runtime.containers().stop(talker, Duration.ZERO);

        List<String> content = Files.readAllLines(log);
        for (int i = 0; i < content.size(); i++) {
            assertThat(content.get(i)).endsWith(" stdout F line " + (i + 1));
        }
        assertThat(under.start(sandbox, "true").id()).isNotEmpty();
    }

    @Test
    void exitsDuringTheGapHaveTheirCodeAndTime() throws Exception {
        under.leave();
        Started process =
                Started.start(
                        under.config,
                        under.directory,
                        "POD",
                        "while [ ! -e /dev/shm/go ]; do usleep 10000; done; exit 42",
                        "sleep 600");
        String exiting = process.containers().getFirst();
        String killed = process.containers().getLast();
        process.kill();
        Instant before = Instant.now();
        Files.createFile(under.config.layout().sandboxShm(process.sandbox()).resolve("go"));
        Path record = under.config.layout().exitRecord(exiting);
        RuntimeUnderTest.await("the exit record", () -> Files.exists(record));
        Instant after = Instant.now();

        under.reopen();

        ContainerState.Exited end =
                (ContainerState.Exited) under.runtime.containers().get(exiting).state();
        assertThat(end.exitCode()).isEqualTo(42);
        assertThat(end.finishedAt()).isBetween(before, after);
        assertThat(end.startedAt().orElseThrow()).isBefore(before);
        assertThat(under.runtime.containers().get(killed).state())
                .isInstanceOf(ContainerState.Running.class);
        under.runtime.containers().stop(killed, Duration.ZERO);
        assertThat(under.awaitExit(killed).exitCode()).isEqualTo(137);
    }

    @Test
    void aKilledShimIsNoticedAndItsContainerIsGone() throws Exception {
        under.leave();
        Started process = Started.start(under.config, under.directory, "CONTAINER", "sleep 641");
        String id = process.containers().getFirst();
        process.kill();
        long init = pidOf("sleep 641");
        long shim = Long.parseLong(RuntimeUnderTest.statusField(init, "PPid"));
        ProcessHandle handle = ProcessHandle.of(shim).orElseThrow();
        assertThat(handle.destroyForcibly()).isTrue();
        handle.onExit().get(10, TimeUnit.SECONDS);

        under.reopen();

        ContainerState.Exited end =
                (ContainerState.Exited) under.runtime.containers().get(id).state();
        assertThat(end.exitCode()).isEqualTo(255);
        assertThat(end.message()).contains("shim went away");
        RuntimeUnderTest.await("its process to end", () -> pidOf("sleep 641") < 0);
    }

    @Test
    void whatBelongsToNobodyIsSwept() throws Exception {
        under.leave();
        Started process = Started.start(under.config, under.directory, "CONTAINER", "sleep 651");
        String id = process.containers().getFirst();
        process.kill();
        // As after a half-written record, and after a directory that lost its record.
        Files.writeString(
                under.config.layout().container(id).resolve("record.json"), "{\"version\":1,");
        Files.delete(under.config.layout().sandbox(process.sandbox()).resolve("record.json"));
        Trees.makePrivate(under.config.layout().writable(RuntimeUnderTest.newId()));

        under.reopen();

        assertThat(under.runtime.containers().list()).isEmpty();
        assertThat(under.runtime.sandboxes().list()).isEmpty();
        assertThat(under.runtime.findings())
                .anyMatch(f -> f.contains("its record was set aside"))
                .anyMatch(f -> f.contains("belongs to nobody"));
        assertThat(under.config.layout().setAside().resolve(id + ".json")).exists();
        assertThat(pidOf("sleep 651")).isNegative();
        assertThat(NamespaceIT.host("ip", "netns", "list"))
                .doesNotContain(process.sandbox().substring(0, 13));
    }

    @Test
    void afterARebootNothingStaleIsLeft() throws Exception {
        Sandbox sandbox =
                under.run(
                        new io.carpel.runtime.spec.NamespaceSpec(
                                true,
                                false,
                                io.carpel.runtime.spec.PidMode.CONTAINER,
                                java.util.Optional.empty()));
        Container container = under.start(sandbox, "sh", "-c", "echo x > /tmp/y");
        under.awaitExit(container.id());
        Path kept = under.directory.resolve("kept");
        Files.move(under.config.layout().writable(container.id()), kept);
        under.runtime.sandboxes().remove(sandbox.id());
        under.leave();
        // The run directory is gone with the tmpfs, the writable layer is still there.
        Trees.remove(under.config.layout().runDir());
        Files.move(kept, under.config.layout().writable(container.id()));

        under.reopen();

        assertThat(under.runtime.sandboxes().list()).isEmpty();
        assertThat(under.config.layout().writable(container.id())).doesNotExist();
        assertThat(under.runtime.images().list()).hasSize(1);
    }

    private Path awaitLine(Started process, String id, int count) {
        Path log =
                under.directory
                        .resolve("logs")
                        .resolve(process.sandbox())
                        .resolve(id.substring(0, 8) + ".log");
        RuntimeUnderTest.await("lines", () -> lines(log) >= count);
        return log;
    }

    private static long lines(Path log) {
        try {
            return Files.readAllLines(log).size();
        } catch (IOException _) {
            return 0;
        }
    }

    private static long pidOf(String commandLine) {
        return ProcessHandle.allProcesses()
                .mapToLong(ProcessHandle::pid)
                .filter(pid -> commandLine(pid).equals(commandLine))
                .findFirst()
                .orElse(-1);
    }

    private static String commandLine(long pid) {
        try {
            return RuntimeUnderTest.proc(pid, "cmdline").replace('\0', ' ').strip();
        } catch (IOException _) {
            return "";
        }
    }
}
