package io.carpel.runtime.network.cni;

import io.carpel.runtime.store.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The networks that the cluster gives this host's sandboxes, in CIDR form, one a line. Whoever
/// tells them tells them once, so they are kept over restarts. Thread-safe.
final class PodRanges {
    private static final Logger LOG = LoggerFactory.getLogger(PodRanges.class);

    /// Not the ending of attachments, which lie in the same directory.
    private static final String NAME = "pod-ranges";

    private final Path file;
    private volatile List<String> ranges;

    private PodRanges(Path file, List<String> ranges) {
        this.file = file;
        this.ranges = ranges;
    }

    static PodRanges open(Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        try {
            return new PodRanges(
                    file, Files.readString(file).lines().filter(line -> !line.isEmpty()).toList());
        } catch (NoSuchFileException _) {
            return new PodRanges(file, List.of());
        }
    }

    List<String> get() {
        return ranges;
    }

    synchronized void set(List<String> next) {
        ranges = List.copyOf(next);
        try {
            AtomicFile.write(file, String.join("\n", next).getBytes(StandardCharsets.UTF_8), 0600);
        } catch (IOException e) {
            LOG.warn(
                    "pod addresses {} will be forgotten at the next start: {}",
                    next,
                    e.getMessage());
        }
    }
}
