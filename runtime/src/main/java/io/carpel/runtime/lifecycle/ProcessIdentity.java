package io.carpel.runtime.lifecycle;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.ProcessCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A process told apart from a later one with the same number.
///
/// @param startTicks when it began, in clock ticks since boot: field 22 of `/proc/PID/stat`
public record ProcessIdentity(int pid, long startTicks) {
    private static final int START_TIME_AFTER_NAME = 19;
    private static final int STATE_AFTER_NAME = 0;

    /// The process that has this number now; empty when there is none, or only a zombie.
    public static Optional<ProcessIdentity> of(int pid) {
        String stat;
        try {
            stat =
                    Files.readString(
                            Path.of("/proc", Integer.toString(pid), "stat"),
                            StandardCharsets.ISO_8859_1);
        } catch (IOException _) {
            // ENOENT, or ESRCH when it ends between open and read.
            return Optional.empty();
        }
        // The name is in parentheses and may hold anything, more parentheses included.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        String state = fields[STATE_AFTER_NAME];
        if (state.equals("Z") || state.equals("X")) {
            return Optional.empty();
        }
        return Optional.of(new ProcessIdentity(pid, Long.parseLong(fields[START_TIME_AFTER_NAME])));
    }

    /// Sends SIGKILL to this very process; one that has ended is fine.
    public void kill(ProcessCalls processes) throws ErrnoException {
        try (Fd process = processes.openPid(pid)) {
            // Opened first, then looked at: if the number is still this process's it was so before,
            // and the descriptor is its own, whoever gets the number next.
            if (alive()) {
                processes.signal(process, ProcessCalls.SIGKILL);
            }
        } catch (ErrnoException e) {
            if (!e.is(Errno.ESRCH)) {
                throw e;
            }
        }
    }

    /// Whether this very process still runs.
    public boolean alive() {
        return of(pid).filter(this::equals).isPresent();
    }
}
