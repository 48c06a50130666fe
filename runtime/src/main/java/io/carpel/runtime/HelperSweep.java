package io.carpel.runtime;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.LinuxProcessCalls;
import io.carpel.runtime.linux.ProcessCalls;
import io.carpel.runtime.sandbox.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Ends helpers that nobody knows any more, since the process that had started them was killed
/// before it could write them down.
final class HelperSweep {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(5);

    private final ProcessCalls processes = new LinuxProcessCalls();
    private final ShimLauncher launcher;
    private final Cgroup helpers;
    private final Consumer<String> findings;

    /// @param helpers the group that shims and helpers live in
    HelperSweep(ShimLauncher launcher, Cgroup helpers, Consumer<String> findings) {
        this.launcher = launcher;
        this.helpers = helpers;
        this.findings = findings;
    }

    /// Ends the shim behind a socket that belongs to nobody. One that waits to be let through its
    /// gate would wait for ever.
    void endBehind(Path socket) {
        try {
            Path none = socket.resolveSibling(socket.getFileName() + ".none");
            launcher.connect("of nobody", socket, none).kill(KILL_LIMIT);
            findings.accept("the shim at %s belongs to nobody: ended".formatted(socket));
        } catch (UnavailableException _) {
            // Only the file was left.
        } catch (ContainerRuntimeException e) {
            findings.accept(
                    "the shim at %s belongs to nobody and stays: %s"
                            .formatted(socket, e.getMessage()));
        }
    }

    /// Ends the first processes of pid namespaces that belong to none of the sandboxes. Shims are
    /// in our own pid namespace, and containers' processes in groups of their own.
    void endReapers(Collection<Sandbox> sandboxes) throws IOException {
        Set<String> known = new HashSet<>();
        Optional<String> own = namespace("self");
        if (own.isEmpty()) {
            return;
        }
        known.add(own.get());
        for (Sandbox sandbox : sandboxes) {
            Optional<Path> pin = sandbox.pins().pid();
            if (pin.isPresent() && Files.exists(pin.get())) {
                known.add("pid:[%s]".formatted(Files.getAttribute(pin.get(), "unix:ino")));
            }
        }
        for (int pid : helpers.pids()) {
            Optional<ProcessIdentity> process = ProcessIdentity.of(pid);
            Optional<String> namespace = namespace(Integer.toString(pid));
            if (process.isPresent() && namespace.isPresent() && !known.contains(namespace.get())) {
                findings.accept(
                        "process %d holds a pid namespace that belongs to nobody: %s"
                                .formatted(pid, end(process.get())));
            }
        }
    }

    private String end(ProcessIdentity process) {
        try {
            process.kill(processes);
            return "ended";
        } catch (ErrnoException e) {
            return "it stays: " + e.getMessage();
        }
    }

    private static Optional<String> namespace(String process) {
        try {
            return Optional.of(
                    Files.readSymbolicLink(Path.of("/proc", process, "ns", "pid")).toString());
        } catch (IOException _) {
            // It has ended meanwhile.
            return Optional.empty();
        }
    }
}
