package io.carpel.runtime.container;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.nio.file.Path;
import java.util.function.IntSupplier;

/// The pid namespace of another container, held open until it is joined. Named by a number alone it
/// could be a process of the host by then: the target ends when it likes, and numbers are used
/// again.
final class TargetNamespace implements AutoCloseable {
    private static final FileCalls FILES = new LinuxFileCalls();

    private final Fd namespace;

    private TargetNamespace(Fd namespace) {
        this.namespace = namespace;
    }

    /// @param id of the target
    /// @param pid of its first process, when it was last seen
    /// @param pidNow asks its shim, which has not reaped that process as long as it tells its
    ///   number
    /// @throws FailedPreconditionException when it has ended
    static TargetNamespace open(String id, int pid, IntSupplier pidNow) {
        Fd opened;
        try {
            opened = FILES.open("/proc/%d/ns/pid".formatted(pid), FileCalls.O_RDONLY, 0);
        } catch (ErrnoException e) {
            throw new FailedPreconditionException("target container %s has ended".formatted(id), e);
        }
        boolean same = false;
        try {
            // Asked afterwards: a number that is still the target's was it when it was opened.
            same = pidNow.getAsInt() == pid;
        } catch (UnavailableException _) {
            // The shim has gone, and the target before it.
        } finally {
            if (!same) {
                opened.close();
            }
        }
        if (!same) {
            throw new FailedPreconditionException("target container %s has ended".formatted(id));
        }
        return new TargetNamespace(opened);
    }

    /// As other processes of this host can name it.
    Path path() {
        return Path.of(
                "/proc/%d/fd/%d".formatted(ProcessHandle.current().pid(), namespace.number()));
    }

    @Override
    public void close() {
        namespace.close();
    }
}
