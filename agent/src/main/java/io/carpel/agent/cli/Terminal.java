package io.carpel.agent.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether someone looks at standard error.
final class Terminal {
    private Terminal() {}

    /// A terminal's descriptor leads to a device below /dev/pts or to /dev/tty and its like.
    static boolean showsErrors() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException _) {
            return false;
        }
    }
}
