package io.carpel.runtime.stats;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.store.StateLayout;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Measures writable layers in the background: whoever asks gets the last figure, and an old one is
/// measured anew for the next. The first figure of a container is waited for, but not for long.
public final class LayerUsage implements AutoCloseable {
    /// How old a figure may be. A layer that takes long to walk is walked more rarely, so that
    /// walking never takes more than a small part of the disk's time.
    private static final Duration FRESH = Duration.ofSeconds(10);

    private static final int REST_PER_WALK = 50;

    /// A small layer takes well under a millisecond.
    private static final Duration FIRST_WAIT = Duration.ofMillis(50);

    /// Walks at the same time; a disk that hangs holds so many threads and no more.
    private static final int WALKERS = 2;

    /// Deeper directories are not counted: no more descriptors than this are held.
    private static final int DEPTH = 256;

    private static final long HERE = FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS;

    /// st_blocks counts these, whatever the file system's own block size (stat(2)).
    private static final int BLOCK = 512;

    private final StateLayout layout;
    private final FileCalls files;
    private final InstantSource clock;
    private final Map<String, Entry> known = new ConcurrentHashMap<>();
    private final ExecutorService walkers =
            Executors.newFixedThreadPool(
                    WALKERS, Thread.ofPlatform().daemon().name("measure-", 0).factory());
    private volatile boolean slow;

    public LayerUsage(StateLayout layout, FileCalls files, InstantSource clock) {
        this.layout = layout;
        this.files = files;
        this.clock = clock;
    }

    /// @param at when it was measured
    /// @param bytes allocated on disk, a file with several names once
    /// @param inodes files and directories
    public record Usage(Instant at, long bytes, long inodes) {}

    /// @param walk open while a measurement is under way
    private record Entry(Optional<Usage> usage, Instant freshUntil, CountDownLatch walk) {}

    /// The last figure; empty as long as the first takes.
    Optional<Usage> last(String containerId) {
        Instant now = clock.instant();
        Entry entry =
                known.compute(
                        containerId,
                        (id, before) -> {
                            if (before != null
                                    && (before.walk().getCount() > 0
                                            || before.freshUntil().isAfter(now))) {
                                return before;
                            }
                            Entry next =
                                    new Entry(
                                            before == null ? Optional.empty() : before.usage(),
                                            now,
                                            new CountDownLatch(1));
                            walkers.execute(() -> measure(id, next));
                            return next;
                        });
        if (entry.usage().isPresent() || slow) {
            return entry.usage();
        }
        awaitFirst(entry);
        Entry after = known.get(containerId);
        return after == null ? Optional.empty() : after.usage();
    }

    /// The sum of the last figures; those not known yet count as nothing.
    Usage total(List<String> containerIds) {
        long bytes = 0;
        long inodes = 0;
        for (String id : containerIds) {
            Usage usage = last(id).orElse(new Usage(Instant.EPOCH, 0, 0));
            bytes += usage.bytes();
            inodes += usage.inodes();
        }
        return new Usage(clock.instant(), bytes, inodes);
    }

    /// Once the disk has been slow, nobody waits until it is quick again: a list of many containers
    /// would wait for each.
    private void awaitFirst(Entry entry) {
        try {
            if (!entry.walk().await(FIRST_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                slow = true;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Forgets a container that is gone.
    public void forget(String containerId) {
        known.remove(containerId);
    }

    private void measure(String id, Entry entry) {
        try {
            Instant begun = clock.instant();
            Count count = new Count();
            try (Fd top =
                    files.open(
                            layout.upper(id).toString(),
                            FileCalls.O_RDONLY | FileCalls.O_DIRECTORY,
                            0)) {
                count.add(files.fstat(top));
                walk(top, count, 0);
            } catch (ErrnoException _) {
                // Being removed, or the disk has a fault that others will tell of.
                known.remove(id);
                return;
            }
            Instant ended = clock.instant();
            Duration rest = Duration.between(begun, ended).multipliedBy(REST_PER_WALK);
            Usage usage = new Usage(ended, count.bytes(), count.inodes());
            known.computeIfPresent(
                    id,
                    (_, now) ->
                            new Entry(
                                    Optional.of(usage),
                                    ended.plus(rest.compareTo(FRESH) > 0 ? rest : FRESH),
                                    now.walk()));
            slow = false;
        } finally {
            entry.walk().countDown();
        }
    }

    private void walk(Fd directory, Count count, int depth) throws ErrnoException {
        files.eachName(
                directory,
                name -> {
                    try {
                        look(directory, name, count, depth);
                    } catch (ErrnoException e) {
                        // The container works on meanwhile.
                        if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR) && !e.is(Errno.ELOOP)) {
                            throw e;
                        }
                    }
                    return true;
                });
    }

    private void look(Fd directory, String name, Count count, int depth) throws ErrnoException {
        FileCalls.Stat stat = files.fstatat(directory, name);
        count.add(stat);
        if (stat.isDirectory() && depth < DEPTH) {
            try (Fd inside =
                    files.openat2(
                            directory, name, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0, HERE)) {
                walk(inside, count, depth + 1);
            }
        }
    }

    @Override
    public void close() {
        walkers.shutdownNow();
    }

    /// A file with several names counts once. Beyond a bound that is not kept in mind any more:
    /// each name then counts for its share, which is the same as long as all names are in the
    /// layer.
    private static final class Count {
        private static final int IN_MIND = 100_000;

        private final Set<Long> several = new HashSet<>();
        private long bytes;
        private long inodes;
        private double sharedBytes;
        private double sharedInodes;

        void add(FileCalls.Stat stat) {
            long size = stat.blocks() * BLOCK;
            boolean linked = !stat.isDirectory() && stat.links() > 1;
            if (linked && several.contains(stat.inode())) {
                return;
            }
            if (linked && several.size() >= IN_MIND) {
                sharedBytes += (double) size / stat.links();
                sharedInodes += 1.0 / stat.links();
                return;
            }
            if (linked) {
                several.add(stat.inode());
            }
            inodes++;
            bytes += size;
        }

        long bytes() {
            return bytes + Math.round(sharedBytes);
        }

        long inodes() {
            return inodes + Math.round(sharedInodes);
        }
    }
}
