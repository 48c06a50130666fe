package io.carpel.runtime.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a process keeps over fork and exec unless it is taken away: none of it may come from the
/// agent. Needs root.
class InheritanceIT {
    private static final String PROCESSORS = "grep Cpus_allowed: /proc/self/status";

    @RegisterExtension final ShimExtension shims = new ShimExtension();

    private TestContainer container;
    private Optional<ShimConnection> begun = Optional.empty();

    @BeforeEach
    void make() throws Exception {
        container = shims.container();
    }

    /// Of no other user, since somebody sees his own keys there and those that he possesses.
    private TestContainer nobodysContainer() throws Exception {
        TestContainer made = shims.container();
        made.uid = 64_321;
        made.gid = 64_321;
        made.groups = List.of();
        return made;
    }

    /// Starts it to print what `script` does and then to wait.
    ///
    /// @return what it printed
    private String begin(TestContainer made, String script) throws Exception {
        made.shell(script + "; echo end; exec sleep 1000");
        begun = Optional.of(shims.start(made));
        ShimExtension.await(() -> made.output().endsWith("\nend"));
        return made.output().substring(0, made.output().length() - "\nend".length());
    }

    private String execIn(TestContainer made, String script) {
        var outputs = new ExecOutputs();
        var process = made.process().withCommand(List.of("sh", "-c", script), false, false);
        var plan =
                LaunchPlanner.planExec(
                        new ExecLaunch(process, made.user, made.cgroup, Duration.ofSeconds(20)));
        try (var session = begun.orElseThrow().exec(plan)) {
            assertThat(session.await(outputs).exitCode()).isZero();
        }
        return outputs.out().strip();
    }

    /// A container that sees the agent's keyring could read what lies there, and two that share one
    /// could read each other's.
    @Test
    void property32EveryContainerHasKeysOfItsOwnAndItsExecsShareThem() throws Exception {
        TestContainer one = nobodysContainer();
        List<String> first = keyrings(begin(one, "cat /proc/keys"));
        assertThat(first).hasSize(1);
        assertThat(keyrings(execIn(one, "cat /proc/keys"))).isEqualTo(first);
        List<String> second = keyrings(shims.output(nobodysContainer(), "cat /proc/keys"));
        assertThat(second).hasSize(1).doesNotContainAnyElementsOf(first);
    }

    /// Numbers of the session keyrings in what `/proc/keys` shows.
    private static List<String> keyrings(String keys) {
        return keys.lines()
                .filter(line -> line.contains(" _ses"))
                .map(line -> line.split(" ", 2)[0])
                .toList();
    }

    /// Whoever owns the host's node could take it away from all of the host.
    @Test
    void property32AnEmptyInputIsADeviceOfItsOwn() throws Exception {
        String devices = "stat -L -c '%d %i' /dev/stdin /dev/null";
        String inits = begin(container, devices);
        assertThat(inits.lines().distinct()).hasSize(1);
        assertThat(execIn(container, devices)).isEqualTo(inits);
        execIn(container, "busybox rm /dev/null");
        assertThat(execIn(container, "wc -c; readlink /proc/self/fd/0")).startsWith("0\npipe:");
        execIn(container, "mknod /dev/null c 1 5"); // endless zeros
        assertThat(execIn(container, "wc -c; readlink /proc/self/fd/0")).startsWith("0\npipe:");
    }

    /// The processors that an administrator leaves to the agent are not those of its containers.
    @Test
    void itRunsOnAllProcessorsOfItsCgroup() throws Exception {
        String all = shims.output(container, PROCESSORS);
        TestContainer pinned = shims.container();
        var beginning =
                new FutureTask<>(() -> {
                    Path thread = Path.of("/proc/thread-self").toRealPath();
                    run("taskset", "-p", "1", thread.getFileName().toString());
                    assertThat(Files.readString(thread.resolve("status")))
                            .containsPattern("Cpus_allowed:\t0*1\n");
                    return begin(pinned, PROCESSORS);
                });
        Thread.ofPlatform().start(beginning);
        assertThat(beginning.get()).isEqualTo(all);
        assertThat(execIn(pinned, PROCESSORS)).isEqualTo(all);
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
