package io.carpel.runtime.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.LinuxProcessCalls;
import io.carpel.runtime.linux.ProcessCalls;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ProcessIdentityTest {
    private final ProcessCalls processes = new LinuxProcessCalls();
    private Process process = new ProcessBuilder("true").start();

    ProcessIdentityTest() throws Exception {}

    @BeforeEach
    void start() throws Exception {
        process.waitFor();
        process = new ProcessBuilder("sleep", "600").start();
    }

    @AfterEach
    void end() throws Exception {
        process.destroyForcibly().waitFor();
    }

    @Test
    void endsItsOwnProcessOnly() throws Exception {
        ProcessIdentity own = ProcessIdentity.of((int) process.pid()).orElseThrow();
        ProcessIdentity earlier = new ProcessIdentity(own.pid(), own.startTicks() - 1);
        assertThat(own.alive()).isTrue();
        assertThat(earlier.alive()).isFalse();
        earlier.kill(processes);
        assertThat(own.alive()).isTrue();
        own.kill(processes);
        assertThat(process.waitFor()).isEqualTo(128 + 9);
        own.kill(processes);
        assertThat(own.alive()).isFalse();
    }
}
