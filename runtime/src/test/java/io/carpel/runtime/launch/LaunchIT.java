package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.KernelFaultException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Containers started for real. Needs root.
class LaunchIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir Path directory;
    private ShimLauncher launcher;
    private TestContainer container;

    @BeforeEach
    void open() throws Exception {
        launcher = ShimLauncher.open();
        container = new TestContainer(Files.createDirectory(directory.resolve("c")));
    }

    @AfterEach
    void close() {
        launcher.close();
    }

    private ExitRecord run() {
        ShimConnection shim = launcher.launch(container.plan());
        shim.start();
        return shim.awaitExit(LIMIT).orElseThrow();
    }

    @Test
    void aProgramRunsAndItsExitCodeAndOutputComeBack() throws Exception {
        container.shell("echo out; echo err >&2; exit 7");
        ExitRecord record = run();
        assertThat(record.exitCode()).isEqualTo(7);
        assertThat(record.signal()).isZero();
        assertThat(record.startedAt().orElseThrow()).isBefore(record.finishedAt());
        assertThat(container.output().lines()).containsExactlyInAnyOrder("out", "err");
        assertThat(container.socket()).doesNotExist();
    }

    @Test
    void aMissingBinaryIsAnErrorOfStartWithItsName() {
        container.argv = List.of("no-such-program");
        ShimConnection shim = launcher.launch(container.plan());
        assertThatThrownBy(shim::start)
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("execve no-such-program")
                .hasMessageContaining("ENOENT");
        assertThat(shim.awaitExit(LIMIT).orElseThrow().exitCode()).isEqualTo(128);
    }

    @Test
    void aSecondStartIsRefused() {
        container.argv = List.of("sleep", "100");
        ShimConnection shim = launcher.launch(container.plan());
        shim.start();
        assertThatThrownBy(shim::start).isInstanceOf(FailedPreconditionException.class);
        assertThat(shim.kill(LIMIT).orElseThrow().exitCode()).isEqualTo(137);
    }
}
