package io.carpel.runtime.stats;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Counts what the processes of containers hold, from `/proc/PID/fd` and `/proc/PID/limits`.
///
/// Only names are read, and links never followed: a descriptor may lead into a file system that
/// does not answer. A container with many processes or descriptors is counted in the background,
/// and whoever asks gets the last figures: a look costs one system call for each descriptor.
public final class ProcessCounter {
    /// How many processes, and descriptors at the last look, are few enough to be counted at once.
    private static final int FEW_PROCESSES = 32;

    private static final int FEW_DESCRIPTORS = 512;

    /// How old figures from the background may be before they are taken anew.
    private static final Duration FRESH = Duration.ofSeconds(10);

    private static final String SOCKET = "socket:";
    private static final String OPEN_FILES = "Max open files";

    private final Path proc;
    private final InstantSource clock;
    private final Map<String, Look> last = new ConcurrentHashMap<>();

    /// @param proc where procfs is mounted
    public ProcessCounter(Path proc, InstantSource clock) {
        this.proc = proc;
        this.clock = clock;
    }

    /// @param counts empty while the first look is under way
    private record Look(Instant at, Optional<ProcessCounts> counts) {}

    /// @param pids the processes that the container has just now, as the host numbers them
    /// @param init of those, its first one; one that is not among them is not asked, since the
    ///   number may be somebody else's by now
    /// @return empty without processes, or while many are counted for the first time
    Optional<ProcessCounts> count(String containerId, List<Integer> pids, Optional<Integer> init) {
        if (pids.isEmpty()) {
            return Optional.empty();
        }
        Look before = last.get(containerId);
        boolean many = pids.size() > FEW_PROCESSES || hadMany(before);
        if (!many) {
            ProcessCounts counts = countNow(pids, init);
            if (counts.descriptors() > FEW_DESCRIPTORS) {
                last.put(containerId, new Look(clock.instant(), Optional.of(counts)));
            } else {
                last.remove(containerId);
            }
            return Optional.of(counts);
        }
        return countLater(containerId, pids, init).counts().map(c -> with(c, pids.size()));
    }

    private static boolean hadMany(@Nullable Look look) {
        return look != null
                && look.counts().filter(c -> c.descriptors() > FEW_DESCRIPTORS).isPresent();
    }

    private Look countLater(String id, List<Integer> pids, Optional<Integer> init) {
        Instant now = clock.instant();
        return last.compute(
                id,
                (_, before) -> {
                    if (before != null && before.at().plus(FRESH).isAfter(now)) {
                        return before;
                    }
                    Thread.ofPlatform()
                            .daemon()
                            .name("count " + id)
                            .start(() -> {
                                Optional<ProcessCounts> counts = Optional.of(countNow(pids, init));
                                last.computeIfPresent(
                                        id, (_, _) -> new Look(clock.instant(), counts));
                            });
                    return new Look(now, before == null ? Optional.empty() : before.counts());
                });
    }

    private static ProcessCounts with(ProcessCounts counts, long processes) {
        return new ProcessCounts(
                processes, counts.descriptors(), counts.sockets(), counts.openFileLimit());
    }

    /// Forgets a container that is gone.
    public void forget(String containerId) {
        last.remove(containerId);
    }

    private ProcessCounts countNow(List<Integer> pids, Optional<Integer> init) {
        long descriptors = 0;
        long sockets = 0;
        for (int pid : pids) {
            Path directory = proc.resolve(Integer.toString(pid)).resolve("fd");
            try (DirectoryStream<Path> open = Files.newDirectoryStream(directory)) {
                for (Path each : open) {
                    descriptors++;
                    if (isSocket(each)) {
                        sockets++;
                    }
                }
            } catch (IOException | DirectoryIteratorException _) {
                // It has ended meanwhile, and holds nothing any more.
            }
        }
        return new ProcessCounts(
                pids.size(),
                descriptors,
                sockets,
                init.filter(pids::contains).flatMap(this::limit));
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith(SOCKET);
        } catch (IOException _) {
            return false;
        }
    }

    /// `Max open files 1024 524288 files`
    private Optional<Long> limit(int pid) {
        Path file = proc.resolve(Integer.toString(pid)).resolve("limits");
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
                if (line.startsWith(OPEN_FILES)) {
                    String soft = line.substring(OPEN_FILES.length()).strip().split(" +", 2)[0];
                    return soft.equals("unlimited")
                            ? Optional.empty()
                            : Optional.of(Long.parseLong(soft));
                }
            }
        } catch (IOException | NumberFormatException _) {
            // It has ended meanwhile.
            return Optional.empty();
        }
        return Optional.empty();
    }
}
