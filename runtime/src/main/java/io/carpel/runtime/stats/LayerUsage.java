package io.carpel.runtime.stats;

import io.carpel.runtime.store.StateLayout;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Measures writable layers in the background: whoever asks gets the last figure at once, and an
/// old one is measured anew for the next.
public final class LayerUsage {
    private static final Duration FRESH = Duration.ofSeconds(30);

    private final StateLayout layout;
    private final Clock clock;
    private final Map<String, Usage> known = new ConcurrentHashMap<>();

    public LayerUsage(StateLayout layout, Clock clock) {
        this.layout = layout;
        this.clock = clock;
    }

    /// @param bytes allocated on disk
    public record Usage(Instant at, long bytes, long inodes) {}

    /// The last figure; zero before the first was taken.
    Usage last(String containerId) {
        Instant now = clock.instant();
        Usage usage =
                known.compute(
                        containerId,
                        (id, before) -> {
                            if (before != null && before.at().plus(FRESH).isAfter(now)) {
                                return before;
                            }
                            Thread.ofVirtual().name("measure " + id).start(() -> measure(id));
                            return before == null
                                    ? new Usage(now, 0, 0)
                                    : new Usage(now, before.bytes(), before.inodes());
                        });
        return usage;
    }

    /// Forgets a container that is gone.
    public void forget(String containerId) {
        known.remove(containerId);
    }

    private void measure(String id) {
        Count count = new Count();
        try {
            Files.walkFileTree(layout.upper(id), count);
        } catch (IOException _) {
            // Being removed, or the disk has a fault that others will tell of.
            return;
        }
        known.computeIfPresent(id, (_, _) -> new Usage(clock.instant(), count.bytes, count.inodes));
    }

    private static final class Count extends SimpleFileVisitor<Path> {
        private static final long BLOCK = 4096;

        private long bytes;
        private long inodes;

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            inodes++;
            bytes += BLOCK;
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            inodes++;
            bytes += (attributes.size() + BLOCK - 1) / BLOCK * BLOCK;
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
        }
    }
}
