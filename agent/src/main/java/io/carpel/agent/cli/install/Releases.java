package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.DurableFile;
import io.carpel.agent.cli.node.NodeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/// The distributions on a host: each in a directory of its own below `/opt/carpel.d`, and the link
/// `/opt/carpel` to the one in use. A link can be replaced in one step, a directory cannot; and the
/// agent that runs still has its files while the next one is put beside it.
final class Releases {
    private static final String RELEASES = "carpel.d";

    private final Path opt;
    private final Path link;

    /// @param root the host's root directory
    Releases(Path root) {
        this.opt = root.resolve("opt");
        this.link = opt.resolve("carpel");
    }

    /// What the link points to; empty when there is none.
    ///
    /// @throws NodeException when something else is in its place
    String current() {
        if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
            return "";
        }
        if (!Files.isSymbolicLink(link)) {
            throw new NodeException(
                    link
                            + " is a directory, unpacked from an archive: remove its pods with `carpel"
                            + " rm --all`, stop its agent and move it away");
        }
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            throw new NodeException("cannot read the link " + link + ": " + e.getMessage(), e);
        }
    }

    static String targetOf(String build) {
        return RELEASES + "/" + build;
    }

    /// Whether a release of this build is there, whole.
    boolean has(String build) {
        return Distribution.buildOf(opt.resolve(targetOf(build))).stream().anyMatch(build::equals);
    }

    void unpack(Distribution distribution) {
        if (has(distribution.build())) {
            return;
        }
        Path target = opt.resolve(targetOf(distribution.build()));
        Path beside = target.resolveSibling("." + distribution.build() + ".new");
        try {
            Files.createDirectories(target.getParent());
            TreeFiles.delete(beside);
            TreeFiles.delete(target);
            TreeFiles.copy(distribution.tree(), beside);
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
            DurableFile.syncDirectory(target);
        } catch (IOException e) {
            throw new NodeException(
                    "cannot unpack the distribution to %s: %s".formatted(target, reason(e)), e);
        }
    }

    /// @param target as [#current] gives it; empty: no link
    void use(String target) {
        try {
            if (target.isEmpty()) {
                Files.deleteIfExists(link);
            } else if (!current().equals(target)) {
                Path beside = opt.resolve(".carpel.new");
                Files.deleteIfExists(beside);
                Files.createSymbolicLink(beside, Path.of(target));
                Files.move(beside, link, StandardCopyOption.ATOMIC_MOVE);
            }
            if (Files.isDirectory(opt)) {
                DurableFile.syncDirectory(link);
            }
        } catch (IOException e) {
            throw new NodeException("cannot set the link %s: %s".formatted(link, reason(e)), e);
        }
    }

    /// Deletes every release but the one in use, and what is left of those that were not finished.
    void sweep() {
        String used = current();
        Path releases = opt.resolve(RELEASES);
        if (!Files.isDirectory(releases)) {
            return;
        }
        try {
            List<Path> all;
            try (Stream<Path> found = Files.list(releases)) {
                all = found.toList();
            }
            for (Path one : all) {
                if (!opt.relativize(one).toString().equals(used)) {
                    TreeFiles.delete(one);
                }
            }
            if (used.isEmpty()) {
                Files.deleteIfExists(releases);
            }
            Files.deleteIfExists(opt.resolve(".carpel.new"));
        } catch (IOException e) {
            throw new NodeException(
                    "cannot delete old releases below %s: %s".formatted(releases, reason(e)), e);
        }
    }

    /// The library's message is often the path alone.
    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
