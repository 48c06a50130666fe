package io.carpel.runtime.image;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.FileSystemException;

/// What failures on this host's own disk mean.
final class Failures {
    private Failures() {}

    /// Whether it came from this host's files, not from a transfer or an archive.
    static boolean isLocal(IOException e) {
        return e instanceof ErrnoException || e instanceof FileSystemException || isFull(e);
    }

    static ContainerRuntimeException local(String what, IOException e) {
        if (isFull(e)) {
            return new ResourceExhaustedException("cannot " + what + ": the disk is full", e);
        }
        return new KernelFaultException("cannot " + what + ": " + e.getMessage(), e);
    }

    private static boolean isFull(IOException e) {
        if (e instanceof ErrnoException errno) {
            return errno.is(Errno.ENOSPC) || errno.is(Errno.EDQUOT);
        }
        // Java's own streams tell it in words only.
        String message = String.valueOf(e.getMessage());
        return message.contains("No space left on device")
                || message.contains("Disk quota exceeded");
    }
}
