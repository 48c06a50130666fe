package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.NodeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What an agent keeps on its host, when its configuration names the usual places.
final class HostState {
    static final String STATE = "/var/lib/carpel";
    private static final String RUN = "/run/carpel";
    private static final String NODE = "node";
    private static final String KEPT = "node/install.json";

    private final Path root;

    HostState(Path root) {
        this.root = root;
    }

    /// Whether an agent has been at work here, now or earlier.
    boolean exists() {
        return entries(HostChange.below(root, STATE)).stream().anyMatch(path -> !isNode(path));
    }

    /// Removes images, writable layers, records and sockets. The agent has to be stopped, its pods
    /// removed. The journals of `carpel node` stay.
    void remove() {
        try {
            TreeFiles.delete(HostChange.below(root, RUN));
            for (Path entry : entries(HostChange.below(root, STATE))) {
                if (!isNode(entry)) {
                    TreeFiles.delete(entry);
                }
            }
        } catch (IOException e) {
            throw new NodeException(
                    "cannot remove the agent's state: %s (is something of it still mounted? `grep"
                                    .formatted(e)
                            + " carpel /proc/mounts` on the node tells)",
                    e);
        }
    }

    /// Removes the journals too.
    void removeJournals() {
        try {
            TreeFiles.delete(HostChange.below(root, STATE));
        } catch (IOException e) {
            throw new NodeException("cannot remove %s: %s".formatted(STATE, e), e);
        }
    }

    /// Removes the directory of the journals when it holds nothing but their lock, and the one
    /// above when that is all of it.
    void tidy() {
        Path directory = HostChange.below(root, STATE).resolve(NODE);
        if (entries(directory).stream().allMatch(path -> path.endsWith("lock"))) {
            HostChange.remove(root, STATE + "/" + NODE + "/lock");
            removeIfEmpty(directory);
            removeIfEmpty(HostChange.below(root, STATE));
        }
    }

    /// Whether a journal says that something was installed here.
    boolean isInstalled() {
        return Files.exists(HostChange.below(root, STATE).resolve(KEPT));
    }

    private static boolean isNode(Path entry) {
        return entry.endsWith(NODE);
    }

    /// Removes a directory that has nothing in it.
    static void removeIfEmpty(Path directory) {
        if (entries(directory).isEmpty()
                && Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            try {
                Files.deleteIfExists(directory);
            } catch (IOException e) {
                throw new NodeException("cannot remove %s: %s".formatted(directory, e), e);
            }
        }
    }

    private static List<Path> entries(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(directory)) {
            return found.toList();
        } catch (IOException e) {
            throw new NodeException("cannot list %s: %s".formatted(directory, e), e);
        }
    }
}
