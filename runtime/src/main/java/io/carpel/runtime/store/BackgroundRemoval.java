package io.carpel.runtime.store;

import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes trees that are out of sight already, one after the other, on a thread of its own: a
/// filesystem can take more than a millisecond for each file. What is left when the process ends is
/// found again at the next start. Thread-safe.
public final class BackgroundRemoval implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundRemoval.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String name;
    private final FileCalls files;
    private final Path directory;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by `lock`, as are the three below.
    private final Deque<Doomed> waiting = new ArrayDeque<>();

    private boolean running;

    private long bytes;

    private long inodes;

    private volatile boolean stopped;

    /// @param name of the thread
    /// @param directory holds the doomed trees
    public BackgroundRemoval(String name, FileCalls files, Path directory) {
        this.name = name;
        this.files = files;
        this.directory = directory;
    }

    /// A tree and what it occupies.
    public record Doomed(String name, long bytes, long inodes) {}

    public void add(Doomed tree) {
        lock.lock();
        try {
            waiting.add(tree);
            bytes += tree.bytes();
            inodes += tree.inodes();
            if (!running && !stopped) {
                running = true;
                Thread.ofPlatform().daemon().name(name).start(this::run);
            }
        } finally {
            lock.unlock();
        }
    }

    /// What is still on the disk, as far as it was known.
    public long bytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    public long inodes() {
        lock.lock();
        try {
            return inodes;
        } finally {
            lock.unlock();
        }
    }

    /// How many trees still wait.
    int backlog() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            Doomed next;
            lock.lock();
            try {
                next = waiting.peek();
                if (next == null || stopped) {
                    running = false;
                    changed.signalAll();
                    return;
                }
            } finally {
                lock.unlock();
            }
            remove(next);
        }
    }

    private void remove(Doomed tree) {
        try (Fd holder = files.open(directory.toString(), FileCalls.O_RDONLY, 0)) {
            TreeRemoval.remove(files, holder, tree.name(), () -> stopped);
        } catch (ErrnoException e) {
            LOG.warn("cannot delete {}: {}", directory.resolve(tree.name()), e.getMessage());
        }
        lock.lock();
        try {
            waiting.remove(tree);
            bytes -= tree.bytes();
            inodes -= tree.inodes();
        } finally {
            lock.unlock();
        }
    }

    /// Stops after the file that is being deleted just now.
    @Override
    public void close() {
        lock.lock();
        try {
            stopped = true;
            long left = PATIENCE.toNanos();
            while (running && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }
}
