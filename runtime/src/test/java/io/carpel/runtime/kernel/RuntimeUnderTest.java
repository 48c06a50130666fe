package io.carpel.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.RuntimeConfig;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.container.ExecResult;
import io.carpel.runtime.image.Cancellation;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// A runtime with everything it needs in a directory of its own, and short ways to use it.
final class RuntimeUnderTest implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    final Path directory;
    final RuntimeConfig config;
    ContainerRuntime runtime;
    private boolean left;

    /// @param instance name that tells this runtime's things apart
    RuntimeUnderTest(String instance) throws IOException {
        directory = Files.createTempDirectory("carpel-" + instance + "-");
        config = config(instance, directory);
        runtime = ContainerRuntime.open(config);
        Path layout = directory.resolve("image");
        TestImageLayout.write(layout);
        runtime.archives().importFrom(layout, PullProgress.NONE, new Cancellation());
    }

    static RuntimeConfig config(String instance, Path directory) {
        return RuntimeConfig.of(instance, StateLayout.under(directory))
                .with(
                        new RuntimeConfig.Network(
                                "bridge",
                                directory.resolve("no-cni"),
                                List.of(Path.of("/usr/lib/cni")),
                                "",
                                ""))
                .with(
                        new RuntimeConfig.Containers(
                                true,
                                List.of(),
                                true,
                                64L << 20,
                                Map.of(),
                                List.of(directory.resolve("etc-cdi"), directory.resolve("cdi"))));
    }

    /// Closes the runtime, so that another process can take its place.
    void leave() {
        runtime.close();
        left = true;
    }

    /// Takes up what the other process has left.
    void reopen() {
        runtime = ContainerRuntime.open(config);
        left = false;
    }

    static String newId() {
        byte[] bytes = new byte[32];
        ThreadLocalRandom.current().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    SandboxSpec sandboxSpec(NamespaceSpec namespaces) {
        String id = newId();
        return Specs.sandbox(id, namespaces, directory.resolve("logs").resolve(id));
    }

    Sandbox run(NamespaceSpec namespaces) {
        return runtime.sandboxes().run(sandboxSpec(namespaces));
    }

    ContainerSpec containerSpec(Sandbox sandbox, String... command) {
        return containerSpec(sandbox, TestImageLayout.NAME, List.of(command));
    }

    ContainerSpec containerSpec(Sandbox sandbox, String image, List<String> command) {
        return Specs.container(newId(), sandbox.spec(), image, command);
    }

    Container start(ContainerSpec spec) {
        runtime.containers().create(spec);
        runtime.containers().start(spec.id());
        return runtime.containers().get(spec.id());
    }

    Container start(Sandbox sandbox, String... command) {
        return start(containerSpec(sandbox, command));
    }

    /// Runs a shell command and returns what it printed; it must succeed.
    String sh(Container container, String command) {
        ExecResult result = exec(container, command);
        assertThat(result.exitCode())
                .as("%s: %s", command, text(result.stderr().toArray()))
                .isZero();
        return text(result.stdout().toArray()).strip();
    }

    ExecResult exec(Container container, String command) {
        return runtime.execs()
                .execSync(
                        container.id(),
                        List.of("sh", "-c", command),
                        Duration.ofSeconds(20),
                        1 << 20);
    }

    ContainerState.Exited awaitExit(String id) {
        await(
                "exit of " + id,
                () -> runtime.containers().get(id).state() instanceof ContainerState.Exited);
        return (ContainerState.Exited) runtime.containers().get(id).state();
    }

    String log(Container container) throws IOException {
        return Files.readString(container.spec().logPath().orElseThrow());
    }

    static void await(String what, BooleanSupplier condition) {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("waited in vain for " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /// The inode of a namespace of a process, as the host sees it: `net:[4026531840]`.
    static String namespace(long pid, String kind) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "ns", kind)).toString();
    }

    static String hostNamespace(String kind) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/ns", kind)).toString();
    }

    static String proc(long pid, String file) throws IOException {
        return Files.readString(
                Path.of("/proc", Long.toString(pid), file), StandardCharsets.ISO_8859_1);
    }

    static String statusField(long pid, String field) throws IOException {
        return proc(pid, "status")
                .lines()
                .filter(line -> line.startsWith(field + ":"))
                .findFirst()
                .orElseThrow()
                .substring(field.length() + 1)
                .strip();
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    void removeAll() {
        if (left) {
            reopen();
        }
        for (Sandbox sandbox : runtime.sandboxes().list()) {
            runtime.sandboxes().remove(sandbox.id());
        }
    }

    @Override
    public void close() throws IOException {
        removeAll();
        assertThat(runtime.containers().list()).isEmpty();
        runtime.close();
        Trees.remove(directory);
    }
}
