package io.carpel.runtime.store;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.linux.Errno;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/// Tells a file system without room from other faults of the kernel: it is for people to make room,
/// and whoever calls may try again then.
public final class FullDisk {
    /// Deep enough for any real chain, and an end for one that bites its tail.
    private static final int CAUSES = 6;

    private FullDisk() {}

    /// A failure to do something with files of ours.
    ///
    /// @param message names what was tried, on what, and why it failed
    public static ContainerRuntimeException failure(String message, Exception cause) {
        return isWhy(cause)
                ? new ResourceExhaustedException(message, cause)
                : new KernelFaultException(message, cause);
    }

    /// Whether there was no room for a block, an inode, or within a quota.
    public static boolean isWhy(Throwable failure) {
        Throwable at = failure;
        for (int i = 0; at != null && i < CAUSES; i++) {
            if (tells(at)) {
                return true;
            }
            at = at.getCause();
        }
        return false;
    }

    /// Which file system it is that needs room, for people: `/var/lib/x on /dev/sda1 (ext4)`.
    public static String at(Path place) {
        try {
            FileStore store = Files.getFileStore(place);
            return "%s on %s (%s)".formatted(place, store.name(), store.type());
        } catch (IOException _) {
            return place.toString();
        }
    }

    private static boolean tells(Throwable failure) {
        int errno = Errno.of(failure);
        return errno == Errno.ENOSPC || errno == Errno.EDQUOT;
    }
}
