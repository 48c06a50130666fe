package io.carpel.runtime.log;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/// A log file that may be written: the path comes from a request and whoever writes it is root, so
/// it must lie in the sandbox's own directory, with no link on the way.
public record LogTarget(Path path) {
    /// Checks the path and makes the directory it is in.
    ///
    /// @param directory the sandbox's log directory
    /// @throws InvalidArgumentException when the path leads elsewhere
    public static LogTarget below(Optional<Path> directory, Path log) throws IOException {
        Path top =
                directory.orElseThrow(() ->
                        new InvalidArgumentException(
                                "log path %s, but the sandbox has no log directory"
                                        .formatted(printed(log))));
        Path parent = log.getParent();
        if (parent == null
                || !log.equals(log.normalize())
                || !log.startsWith(top)
                || log.equals(top)) {
            throw new InvalidArgumentException(
                    "log path %s does not lie below the sandbox's log directory %s"
                            .formatted(printed(log), top));
        }
        if (!Files.exists(parent)) {
            Trees.makeReadable(parent);
        }
        Path relative = top.relativize(parent);
        if (!parent.toRealPath().equals(top.toRealPath().resolve(relative).normalize())) {
            throw new InvalidArgumentException(
                    "log path %s leads out of the sandbox's log directory by a link"
                            .formatted(printed(log)));
        }
        if (Files.exists(log, LinkOption.NOFOLLOW_LINKS)
                && !Files.isRegularFile(log, LinkOption.NOFOLLOW_LINKS)) {
            throw new InvalidArgumentException(
                    "log path %s is there and is no regular file".formatted(printed(log)));
        }
        return new LogTarget(log);
    }

    private static String printed(Path path) {
        return Printable.of(path.toString());
    }
}
