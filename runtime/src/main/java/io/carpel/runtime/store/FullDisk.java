package io.carpel.runtime.store;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;

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

    private static boolean tells(Throwable failure) {
        if (failure instanceof ErrnoException errno) {
            return errno.is(Errno.ENOSPC) || errno.is(Errno.EDQUOT);
        }
        // Java's own streams tell it in words only.
        String message = String.valueOf(failure.getMessage());
        return message.contains("No space left on device")
                || message.contains("Disk quota exceeded");
    }
}
