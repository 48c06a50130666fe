package io.carpel.runtime.stats;

import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;

/// Measures the file system of writable layers. A disk that hangs keeps statfs(2) waiting, so
/// figures are renewed in the background and whoever asks gets the last ones.
public final class WritableFilesystem {
    private static final Duration FRESH = Duration.ofSeconds(10);

    private final Path directory;
    private final FileCalls files;
    private final InstantSource clock;
    private final String device;
    private final AtomicBoolean renewing = new AtomicBoolean();
    private volatile FilesystemSize last;
    private volatile Instant renewed;

    /// @param directory where the layers lie
    /// @throws IOException when it cannot be looked at
    public WritableFilesystem(Path directory, FileCalls files, InstantSource clock)
            throws IOException {
        this.directory = directory;
        this.files = files;
        this.clock = clock;
        this.device = Files.getFileStore(directory).name();
        this.last = measure();
        this.renewed = clock.instant();
    }

    /// The numbers of the device that it lies on; 0 and any for one without a device.
    public BlockDevices.DeviceNumber number() throws IOException {
        try (Fd opened = files.open(directory.toString(), FileCalls.O_PATH, 0)) {
            FileCalls.Stat stat = files.fstat(opened);
            return new BlockDevices.DeviceNumber(stat.deviceMajor(), stat.deviceMinor());
        }
    }

    /// Not older than some seconds, unless the disk hangs.
    public FilesystemSize size() {
        // One at a time: while the disk hangs, no more threads join the first.
        if (renewed.plus(FRESH).isBefore(clock.instant()) && renewing.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("measure file system").start(this::renew);
        }
        return last;
    }

    private void renew() {
        try {
            last = measure();
        } catch (IOException _) {
            // The old figures stand; whoever writes there will tell of the fault.
        } finally {
            renewed = clock.instant();
            renewing.set(false);
        }
    }

    private FilesystemSize measure() throws ErrnoException {
        try (Fd opened = files.open(directory.toString(), FileCalls.O_PATH, 0)) {
            FileCalls.FsStat stat = files.fstatfs(opened);
            return new FilesystemSize(
                    device, stat.blocks() * stat.blockSize(), stat.files(), stat.freeFiles());
        }
    }
}
