package io.carpel.runtime.image;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.store.FullDisk;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// What failures on this host's own disk mean.
final class Failures {
    private Failures() {}

    /// Whether it came from this host's files, not from a transfer or an archive.
    static boolean isLocal(IOException e) {
        return e instanceof ErrnoException || e instanceof FileSystemException || FullDisk.isWhy(e);
    }

    /// @param place what it was written to
    static ContainerRuntimeException local(String what, Path place, IOException e) {
        if (FullDisk.isWhy(e)) {
            return new ResourceExhaustedException(
                    "cannot %s: the disk is full: %s".formatted(what, FullDisk.at(place)), e);
        }
        return new KernelFaultException("cannot " + what + ": " + e.getMessage(), e);
    }
}
