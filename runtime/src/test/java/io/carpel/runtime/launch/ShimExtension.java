package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A launcher, containers in temporary directories and cgroups for one test; afterwards every
/// container is killed and everything removed.
final class ShimExtension implements BeforeEachCallback, AfterEachCallback {
    static final Duration LIMIT = Duration.ofSeconds(20);

    private final List<ShimConnection> shims = new ArrayList<>();
    private final List<Path> cgroups = new ArrayList<>();
    private Optional<Path> directory = Optional.empty();
    private Optional<ShimLauncher> launcher = Optional.empty();
    private int count;

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        directory = Optional.of(Files.createTempDirectory("carpel-launch"));
        launcher = Optional.of(ShimLauncher.open());
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (ShimConnection shim : shims) {
            if (shim.exited().isEmpty()) {
                try {
                    shim.kill(LIMIT);
                } catch (io.carpel.runtime.error.UnavailableException _) {
                    // it was killed by the test
                }
            }
        }
        for (Path cgroup : cgroups.reversed()) {
            removeCgroup(cgroup);
        }
        launcher.orElseThrow().close();
        try (Stream<Path> files = Files.walk(directory.orElseThrow())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /// Waits until a cgroup is empty, since the last process leaves it a moment after its death.
    private static void removeCgroup(Path cgroup) throws IOException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            try (Stream<Path> children = Files.list(cgroup)) {
                for (Path child : children.filter(Files::isDirectory).toList()) {
                    Files.deleteIfExists(child);
                }
                Files.deleteIfExists(cgroup);
                return;
            } catch (NoSuchFileException _) {
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    static void await(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    ShimLauncher launcher() {
        return launcher.orElseThrow();
    }

    Path directory() {
        return directory.orElseThrow();
    }

    TestContainer container() throws IOException {
        return new TestContainer(Files.createDirectory(directory().resolve("c" + count++)));
    }

    /// A cgroup in some of the v1 hierarchies, or on v2.
    CgroupPlacement cgroup() throws IOException {
        String name = "carpel-test-" + ProcessHandle.current().pid() + "-" + cgroups.size();
        Path root = Path.of("/sys/fs/cgroup");
        if (Files.exists(root.resolve("cgroup.controllers"))) {
            Path made = Files.createDirectory(root.resolve(name));
            cgroups.add(made);
            return new CgroupPlacement(List.of(), Optional.of(made));
        }
        List<Path> tasks = new ArrayList<>();
        for (String hierarchy : List.of("memory", "pids", "systemd")) {
            Path made = Files.createDirectory(root.resolve(hierarchy).resolve(name));
            cgroups.add(made);
            tasks.add(made.resolve("tasks"));
        }
        return new CgroupPlacement(tasks, Optional.empty());
    }

    ShimConnection launch(TestContainer container) {
        ShimConnection shim = launcher().launch(container.plan());
        shims.add(shim);
        return shim;
    }

    ShimConnection start(TestContainer container) {
        ShimConnection shim = launch(container);
        shim.start();
        return shim;
    }

    ExitRecord run(TestContainer container) {
        return start(container).awaitExit(LIMIT).orElseThrow();
    }

    /// Runs a script to its end and gives what it wrote.
    String output(TestContainer container, String script) throws IOException {
        container.shell(script);
        ExitRecord record = run(container);
        String output = container.output();
        if (record.exitCode() != 0) {
            throw new AssertionError("exit code " + record.exitCode() + ": " + output);
        }
        return output;
    }
}
