package io.carpel.runtime.container;

import io.carpel.runtime.spec.RlimitSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What this process may hand on of scores, limits and capabilities.
///
/// @param oomScoreAdj its own score: without CAP_SYS_RESOURCE nothing below it can be set
/// @param capabilities its bounding set as a bit mask (capabilities(7))
/// @param hardLimits its hard resource limits by name, such as `NOFILE`; those without a limit are
///   left out
public record HostBounds(int oomScoreAdj, long capabilities, Map<String, Long> hardLimits) {
    private static final int MAX = 1000;

    // linux/capability.h
    private static final int CAP_SYS_RESOURCE = 24;

    private static final String BOUNDING = "CapBnd:";

    /// As `/proc/PID/limits` calls them (fs/proc/base.c).
    private static final Map<String, String> LIMITS =
            Map.ofEntries(
                    Map.entry("Max cpu time", "CPU"),
                    Map.entry("Max file size", "FSIZE"),
                    Map.entry("Max data size", "DATA"),
                    Map.entry("Max stack size", "STACK"),
                    Map.entry("Max core file size", "CORE"),
                    Map.entry("Max resident set", "RSS"),
                    Map.entry("Max processes", "NPROC"),
                    Map.entry("Max open files", "NOFILE"),
                    Map.entry("Max locked memory", "MEMLOCK"),
                    Map.entry("Max address space", "AS"),
                    Map.entry("Max file locks", "LOCKS"),
                    Map.entry("Max pending signals", "SIGPENDING"),
                    Map.entry("Max msgqueue size", "MSGQUEUE"),
                    Map.entry("Max nice priority", "NICE"),
                    Map.entry("Max realtime priority", "RTPRIO"),
                    Map.entry("Max realtime timeout", "RTTIME"));

    private static final int NAME_WIDTH = 26;
    private static final String PREFIX = "RLIMIT_";

    public HostBounds {
        hardLimits = Map.copyOf(hardLimits);
    }

    /// Read from `/proc/self`.
    public static HostBounds ofThisProcess() throws IOException {
        Path self = Path.of("/proc/self");
        List<String> status =
                Files.readAllLines(self.resolve("status"), StandardCharsets.ISO_8859_1);
        String bounding =
                status.stream()
                        .filter(line -> line.startsWith(BOUNDING))
                        .findFirst()
                        .orElseThrow(() -> new IOException("/proc/self/status has no CapBnd"));
        return new HostBounds(
                Integer.parseInt(Files.readString(self.resolve("oom_score_adj")).strip()),
                Long.parseUnsignedLong(bounding.substring(BOUNDING.length()).strip(), 16),
                hardLimits(Files.readAllLines(self.resolve("limits"))));
    }

    /// @param lines name, soft limit, hard limit, unit
    static Map<String, Long> hardLimits(List<String> lines) {
        Map<String, Long> limits = new HashMap<>();
        for (String line : lines) {
            String name = line.substring(0, Math.min(NAME_WIDTH, line.length())).strip();
            String known = LIMITS.get(name);
            if (known != null) {
                String hard = line.substring(NAME_WIDTH).strip().split(" +", -1)[1];
                if (!hard.equals("unlimited")) {
                    limits.put(known, Long.parseLong(hard));
                }
            }
        }
        return limits;
    }

    private boolean sysResource() {
        return (capabilities & 1L << CAP_SYS_RESOURCE) != 0;
    }

    /// As near to what was asked for as the host allows: a pod must not fail for it.
    int clampOomScore(long asked) {
        int low = sysResource() ? -MAX : oomScoreAdj;
        return Math.clamp(asked, low, MAX);
    }

    /// A hard limit cannot be raised without CAP_SYS_RESOURCE in the host's user namespace.
    ///
    /// @param mapped whether the process lives in a user namespace of its own
    RlimitSpec clamp(RlimitSpec asked, boolean mapped) {
        String name =
                asked.name().startsWith(PREFIX)
                        ? asked.name().substring(PREFIX.length())
                        : asked.name();
        Long most = hardLimits.get(name);
        if (most == null || (sysResource() && !mapped)) {
            return asked;
        }
        return new RlimitSpec(asked.name(), least(asked.soft(), most), least(asked.hard(), most));
    }

    /// Infinity is all ones, the largest number without a sign.
    private static long least(long one, long other) {
        return Long.compareUnsigned(one, other) < 0 ? one : other;
    }
}
