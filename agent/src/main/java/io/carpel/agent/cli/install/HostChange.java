package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.DurableFile;
import io.carpel.agent.cli.node.NodeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/// A text file of the host before and after a change.
///
/// @param path as the host names it
/// @param existed whether it was there before
/// @param before its text then; empty when it was not there
public record HostChange(String path, boolean existed, String before, String after) {
    /// The change that a file needs to have a text; empty when it has it.
    static Optional<HostChange> to(Path root, String path, String after) {
        Optional<String> now = read(below(root, path));
        return now.filter(after::equals).isPresent()
                ? Optional.empty()
                : Optional.of(new HostChange(path, now.isPresent(), now.orElse(""), after));
    }

    void apply(Path root) {
        Path file = below(root, path);
        if (read(file).filter(after::equals).isPresent()) {
            return;
        }
        try {
            Files.createDirectories(file.getParent());
        } catch (IOException e) {
            throw new NodeException("cannot make the directory of %s: %s".formatted(file, e), e);
        }
        boolean fresh = !Files.exists(file);
        DurableFile.write(file, after);
        if (fresh) {
            makeReadable(file);
        }
    }

    /// Puts the text from before back. A file that somebody else has changed since stays as it is.
    ///
    /// @return whether it is now as it was before
    boolean undo(Path root) {
        Path file = below(root, path);
        Optional<String> now = read(file);
        if (existed ? now.filter(before::equals).isPresent() : now.isEmpty()) {
            return true;
        }
        if (now.filter(after::equals).isEmpty()) {
            return false;
        }
        if (existed) {
            DurableFile.write(file, before);
        } else {
            remove(root, path);
        }
        return true;
    }

    static void remove(Path root, String path) {
        Path file = below(root, path);
        try {
            if (Files.deleteIfExists(file)) {
                DurableFile.syncDirectory(file);
            }
        } catch (IOException e) {
            throw new NodeException("cannot remove %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    static Path below(Path root, String path) {
        return root.resolve(path.startsWith("/") ? path.substring(1) : path);
    }

    static Optional<String> read(Path file) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new NodeException("cannot read %s: %s".formatted(file, e), e);
        }
    }

    private static void makeReadable(Path file) {
        try {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        } catch (IOException e) {
            throw new NodeException("cannot set the mode of %s: %s".formatted(file, e), e);
        }
    }
}
