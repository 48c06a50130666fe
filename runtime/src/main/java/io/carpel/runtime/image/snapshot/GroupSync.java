package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.nio.file.Path;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Writes a filesystem's dirty pages to the disk, one run at a time; whoever asks while a run is
/// under way shares the next one. Layers that finish together cost one sync, not one each.
final class GroupSync {
    private final FileCalls files;
    private final Path directory;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private long asked;
    private long synced;
    private boolean running;

    GroupSync(FileCalls files, Path directory) {
        this.files = files;
        this.directory = directory;
    }

    /// Returns when everything that was written before the call is on disk.
    void sync() throws ErrnoException {
        long mine;
        lock.lock();
        try {
            mine = ++asked;
            while (running && synced < mine) {
                done.awaitUninterruptibly();
            }
            if (synced >= mine) {
                return;
            }
            running = true;
            mine = asked;
        } finally {
            lock.unlock();
        }
        boolean ok = false;
        try (Fd fd = files.open(directory.toString(), FileCalls.O_RDONLY, 0)) {
            files.syncfs(fd);
            ok = true;
        } finally {
            lock.lock();
            try {
                running = false;
                if (ok) {
                    synced = mine;
                }
                done.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
