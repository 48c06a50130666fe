package io.carpel.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.network.bridge.BridgeConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Gives a test class a runtime, and removes its pods after each test. Looks at the host before and
/// after the class, and fails when something of ours is left: mounts, network namespaces,
/// interfaces, cgroups, processes, open descriptors.
///
/// Other programs live on the host meanwhile; what is compared carries this instance's name or
/// belongs to this process.
final class RuntimeExtension implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private final String instance;
    private final String mark;
    private List<String> before = List.of();
    private @Nullable RuntimeUnderTest under;

    /// @param instance part of the names of everything that the class makes
    RuntimeExtension(String instance) {
        this.instance = instance;
        this.mark = "carpel-" + instance;
    }

    RuntimeUnderTest under() {
        return Objects.requireNonNull(under);
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        before = look();
        under = new RuntimeUnderTest(instance);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        under().removeAll();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        under().close();
        // The one thing that an agent leaves for its next start; the host is not to keep ours.
        String bridge = BridgeConfig.forInstance(instance).bridge();
        if (Files.exists(Path.of("/sys/class/net", bridge))) {
            NamespaceIT.host("ip", "link", "delete", bridge);
        }
        assertThat(lookAgain()).as("what is left of %s", mark).isSubsetOf(before);
    }

    /// Some of it goes a moment later: processes when somebody takes note of their end, which may
    /// be the host's init, and a pair of interfaces when the kernel has freed the network
    /// namespace.
    private List<String> lookAgain() throws IOException {
        Instant deadline = Instant.now().plus(RuntimeUnderTest.PATIENCE);
        List<String> seen = look();
        while (!before.containsAll(seen) && Instant.now().isBefore(deadline)) {
            LockSupport.parkNanos(10_000_000);
            seen = look();
        }
        return seen;
    }

    private List<String> look() throws IOException {
        List<String> seen = new ArrayList<>();
        mounts(seen);
        names(seen, "netns", Path.of("/run/netns"), name -> name.contains(mark));
        names(seen, "link", Path.of("/sys/class/net"), name -> name.startsWith("cpl"));
        cgroups(seen);
        processes(seen);
        descriptors(seen);
        return seen;
    }

    private void mounts(List<String> seen) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            if (line.contains(mark)) {
                seen.add("mount " + line.split(" ", 6)[4]);
            }
        }
    }

    private static void names(
            List<String> seen, String what, Path directory, Predicate<String> ours)
            throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            entries.map(entry -> entry.getFileName().toString())
                    .filter(ours)
                    .sorted()
                    .forEach(name -> seen.add(what + " " + name));
        }
    }

    private void cgroups(List<String> seen) throws IOException {
        Path root = Path.of("/sys/fs/cgroup");
        List<Path> hierarchies = new ArrayList<>(List.of(root));
        try (Stream<Path> entries = Files.list(root)) {
            entries.filter(Files::isDirectory).forEach(hierarchies::add);
        }
        for (Path hierarchy : hierarchies) {
            names(seen, "cgroup " + hierarchy, hierarchy, name -> name.contains(mark));
        }
    }

    private void processes(List<String> seen) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
            for (Path process :
                    entries.filter(p -> p.getFileName().toString().matches("[0-9]+")).toList()) {
                try {
                    String cgroup =
                            Files.readString(
                                    process.resolve("cgroup"), StandardCharsets.ISO_8859_1);
                    if (cgroup.contains(mark)) {
                        String name = Files.readString(process.resolve("comm")).strip();
                        seen.add("process " + name);
                    }
                } catch (IOException _) {
                    // Ended meanwhile.
                }
            }
        }
    }

    /// Descriptors that hold something of the kernel; files of the JVM come and go.
    private void descriptors(List<String> seen) throws IOException {
        TreeSet<String> held = new TreeSet<>();
        try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
            for (Path entry : entries.toList()) {
                try {
                    String target = Files.readSymbolicLink(entry).toString();
                    if (target.matches("(net|mnt|ipc|uts|user|pid|cgroup):.*")
                            || target.contains("pidfd")
                            || target.contains(mark)) {
                        held.add("descriptor " + target);
                    }
                } catch (IOException _) {
                    // The listing's own.
                }
            }
        }
        seen.addAll(held);
    }
}
