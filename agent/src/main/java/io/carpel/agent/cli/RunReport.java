package io.carpel.agent.cli;

import java.io.PrintWriter;

/// What `carpel run` tells about its progress, on standard error.
final class RunReport {
    private final PrintWriter err;
    private final boolean quiet;

    RunReport(PrintWriter err, boolean quiet) {
        this.err = err;
        this.quiet = quiet;
    }

    void say(String line) {
        if (!quiet) {
            err.println(line);
        }
    }

    /// What must be known even when quiet.
    void warn(String line) {
        err.println("carpel: " + line);
    }
}
