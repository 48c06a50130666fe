package io.carpel.runtime.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// How a container ended, as its shim saw it.
///
/// @param pid the host pid it had
/// @param exitCode what `wait(2)` says, 128 + signal for a killed process
/// @param signal the signal that killed it, or 0
/// @param oomKills processes of the container's cgroup that the kernel killed for want of memory,
///   but for those that it had outlived, by seconds or when we were asked to kill it ourselves
/// @param peakMemory most bytes the cgroup used, where the kernel tells
/// @param droppedLogBytes output that could not be logged because the disk was full
/// @param startedAt empty when it was killed before it was started
public record ExitRecord(
        int pid,
        int exitCode,
        int signal,
        long oomKills,
        OptionalLong peakMemory,
        long droppedLogBytes,
        Optional<Instant> startedAt,
        Instant finishedAt) {
    private static final int LIMIT = 4096;
    private static final int KILLED = 128 + 9;

    /// Whether it died of the kernel's OOM killer: that took a process of its cgroup, and either
    /// the first process was the one, or it ended with what a shell says of a child that was.
    public boolean oomKilled() {
        return oomKills > 0 && exitCode == KILLED;
    }

    /// Reads the record a shim has written; empty when there is none yet.
    ///
    /// @throws IOException when the file is not a complete record
    public static Optional<ExitRecord> read(Path file) throws IOException {
        byte[] content;
        try (var in = Files.newInputStream(file)) {
            content = in.readNBytes(LIMIT);
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
        try {
            return Optional.of(parse(new String(content, StandardCharsets.US_ASCII)));
        } catch (IllegalArgumentException e) {
            throw new IOException("exit record " + file + ": " + e.getMessage(), e);
        }
    }

    /// Parses the text form: one `key value` pair a line, `end 1` last.
    static ExitRecord parse(String text) {
        Map<String, Long> values = new HashMap<>();
        for (String line : text.split("\n", -1)) {
            int space = line.indexOf(' ');
            if (space > 0) {
                values.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
            }
        }
        if (values.getOrDefault("version", 0L) != 1 || !values.containsKey("end")) {
            throw new IllegalArgumentException("not a complete record of version 1");
        }
        int signal = (int) need(values, "signal");
        long started = need(values, "started");
        long peak = need(values, "peak");
        return new ExitRecord(
                (int) need(values, "pid"),
                signal > 0 ? 128 + signal : (int) need(values, "code"),
                signal,
                need(values, "oom"),
                peak > 0 ? OptionalLong.of(peak) : OptionalLong.empty(),
                need(values, "dropped"),
                started > 0 ? Optional.of(instant(started)) : Optional.empty(),
                instant(need(values, "finished")));
    }

    private static long need(Map<String, Long> values, String key) {
        Long value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("field '" + key + "' is missing");
        }
        return value;
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
    }
}
