package io.carpel.agent.log;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Whether standard error leads to systemd's journal, and how a line tells it its priority.
///
/// Without a word from us the journal files everything under one priority, and `journalctl -p err`
/// finds no error. A line may begin with `<N>`, which the journal takes off (sd-daemon(3)).
public final class Journal {
    private static final Path STDERR = Path.of("/proc/self/fd/2");

    private Journal() {}

    /// Whether this process's standard error is the journal's.
    static boolean onStderr() {
        return isBehind(System.getenv(), STDERR);
    }

    /// systemd names device and inode of the stream that it has connected (systemd.exec(5)). Where
    /// a process in between has led its child's output elsewhere, they are of another file.
    ///
    /// @param environment may hold `JOURNAL_STREAM`
    /// @param stream the file to compare with; links are followed
    static boolean isBehind(Map<String, String> environment, Path stream) {
        String named = environment.getOrDefault("JOURNAL_STREAM", "");
        if (named.isEmpty()) {
            return false;
        }
        try {
            Map<String, Object> own = Files.readAttributes(stream, "unix:dev,ino");
            return named.equals(own.get("dev") + ":" + own.get("ino"));
        } catch (IOException _) {
            return false; // closed: then nobody reads it at all
        }
    }

    /// What a line that is an error begins with: nothing unless the journal reads it.
    public static String errorMark() {
        return onStderr() ? mark(Level.ERROR) : "";
    }

    /// Priorities as syslog(3) numbers them.
    static String mark(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> "<3>";
            case Level.WARN_INT -> "<4>";
            case Level.INFO_INT -> "<6>";
            default -> "<7>";
        };
    }
}
