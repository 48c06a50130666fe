package io.carpel.runtime;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.network.PodNetwork;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Finds what lives from before, then sweeps what belongs to nobody. Runs before the first answer.
///
/// It assumes that no other process of this instance works on these directories, and that
/// everything of ours carries our name: directories below our own, network namespaces `NAME-13
/// digits`, cgroups below our default parent that are named by a container's id. Nothing else is
/// touched.
final class Recovery {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    private final RuntimeConfig config;
    private final SandboxManager sandboxes;
    private final ContainerManager containers;
    private final PodNetwork network;
    private final CgroupManager cgroups;
    private final MountCalls mounts;
    private final List<String> findings = new ArrayList<>();
    private final HelperSweep sweep;

    Recovery(
            RuntimeConfig config,
            SandboxManager sandboxes,
            ContainerManager containers,
            RuntimeParts parts,
            Cgroup helpers) {
        this.config = config;
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.network = parts.network();
        this.cgroups = parts.cgroups();
        this.mounts = parts.mounts();
        this.sweep = new HelperSweep(parts.launcher(), helpers, findings::add);
    }

    /// @return one sentence for each thing that was not as it should be
    List<String> run() throws IOException {
        sandboxes.recover(findings::add);
        containers.recover(findings::add);
        Set<String> sandboxIds =
                sandboxes.list().stream().map(Sandbox::id).collect(Collectors.toSet());
        Set<String> containerIds =
                containers.list().stream().map(Container::id).collect(Collectors.toSet());
        findings.addAll(network.reconcile(sandboxIds));
        sweep.endReapers(sandboxes.list());
        sweepSandboxes(sandboxIds);
        sweepNetworkNamespaces(sandboxIds);
        sweepSockets(containerIds);
        sweepCgroups(containerIds);
        return List.copyOf(findings);
    }

    private void sweepSandboxes(Set<String> known) throws IOException {
        StateLayout layout = config.layout();
        for (Path directory : entries(layout.sandboxes())) {
            if (!known.contains(directory.getFileName().toString())) {
                tolerate(directory, () -> removeTree(directory));
            }
        }
    }

    private void removeTree(Path directory) throws IOException {
        // Mounts below it in reverse order of their making: the last one may lie on another.
        List<Path> below = mountsBelow(directory);
        for (Path mount : below.reversed()) {
            mounts.unmount(mount, MountCalls.MNT_DETACH | MountCalls.UMOUNT_NOFOLLOW);
        }
        Trees.remove(directory);
    }

    private static List<Path> mountsBelow(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        for (String line :
                Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
            // Our paths need no unescaping: what they are made of is hexadecimal and plain words.
            Path point = Path.of(line.split(" ", 6)[4]);
            if (point.startsWith(directory)) {
                found.add(point);
            }
        }
        return found;
    }

    private void sweepNetworkNamespaces(Set<String> known) throws IOException {
        Pattern ours = Pattern.compile(Pattern.quote(config.ownName()) + "-([0-9a-f]{13})");
        Set<String> prefixes =
                known.stream().map(id -> id.substring(0, 13)).collect(Collectors.toSet());
        for (Path file : entries(config.layout().netnsDir())) {
            var name = ours.matcher(file.getFileName().toString());
            if (name.matches() && !prefixes.contains(name.group(1))) {
                tolerate(
                        file,
                        () -> {
                            unmountIfMounted(file);
                            Files.deleteIfExists(file);
                        });
            }
        }
    }

    private void unmountIfMounted(Path file) throws IOException {
        if (mountsBelow(file).contains(file)) {
            mounts.unmount(file, MountCalls.MNT_DETACH | MountCalls.UMOUNT_NOFOLLOW);
        }
    }

    private void sweepSockets(Set<String> containerIds) throws IOException {
        StateLayout layout = config.layout();
        Set<Path> wanted =
                containerIds.stream().map(layout::shimSocket).collect(Collectors.toSet());
        for (Path socket : entries(layout.sockets())) {
            if (!wanted.contains(socket)) {
                sweep.endBehind(socket);
                Trees.remove(socket);
            }
        }
    }

    private void sweepCgroups(Set<String> known) {
        cgroups.leaves()
                .forEach((leaf, path) -> {
                    if (ID.matcher(leaf).matches() && !known.contains(leaf)) {
                        tolerate(Path.of(path), () -> cgroups.reopen(path).remove());
                    }
                });
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private void tolerate(Path what, Work work) {
        try {
            work.run();
            findings.add("%s belongs to nobody: removed".formatted(what));
        } catch (ErrnoException e) {
            findings.add("%s belongs to nobody and stays: %s".formatted(what, e.getMessage()));
        } catch (IOException | ContainerRuntimeException e) {
            findings.add("%s belongs to nobody and stays: %s".formatted(what, e));
        }
    }

    private static List<Path> entries(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(found::add);
        } catch (NoSuchFileException _) {
            return List.of();
        }
        return found;
    }
}
