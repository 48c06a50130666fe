package io.carpel.runtime.container;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What this process may hand on of scores, limits and capabilities.
///
/// @param oomScoreAdj its own score: without CAP_SYS_RESOURCE nothing below it can be set
/// @param capabilities its bounding set as a bit mask (capabilities(7))
public record HostBounds(int oomScoreAdj, long capabilities) {
    private static final int MAX = 1000;

    // linux/capability.h
    private static final int CAP_SYS_RESOURCE = 24;

    private static final String BOUNDING = "CapBnd:";

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
                Long.parseUnsignedLong(bounding.substring(BOUNDING.length()).strip(), 16));
    }

    private boolean sysResource() {
        return (capabilities & 1L << CAP_SYS_RESOURCE) != 0;
    }

    /// As near to what was asked for as the host allows: a pod must not fail for it.
    int clampOomScore(long asked) {
        int low = sysResource() ? -MAX : oomScoreAdj;
        return Math.clamp(asked, low, MAX);
    }
}
