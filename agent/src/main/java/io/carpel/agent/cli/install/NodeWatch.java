package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.NodeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Looks at an agent again and again, and tells the cluster how it is. A condition that stays as it
/// is is written every five minutes only: a thousand nodes have one API server.
public final class NodeWatch {
    private static final Duration HEARTBEAT = Duration.ofMinutes(5);

    private final InstallParts parts;
    private final String version;
    private final Optional<Path> readyFile;
    private final LongSupplier nanos;
    private String told = "";
    private long toldAt;

    /// @param version of the release that is installed
    /// @param readyFile is there as long as the agent is healthy; while it is not, what is the
    ///   matter stands in the file of the same name with `.trouble` behind it
    /// @param nanos a clock such as [System#nanoTime]
    public NodeWatch(
            InstallParts parts, String version, Optional<Path> readyFile, LongSupplier nanos) {
        this.parts = parts;
        this.version = version;
        this.readyFile = readyFile;
        this.nanos = nanos;
    }

    /// One look.
    ///
    /// @return whether the agent is healthy
    public boolean look() {
        String trouble = "";
        Optional<Map<String, String>> abilities = Optional.empty();
        try {
            NewAgent agent = parts.agent().get();
            agent.ready();
            abilities = Optional.of(agent.abilities());
        } catch (NodeException e) {
            trouble = String.valueOf(e.getMessage());
        }
        boolean healthy = abilities.isPresent();
        mark(healthy, trouble);
        tell(healthy, trouble);
        parts.report().label(version, abilities);
        return healthy;
    }

    /// Tells the cluster that there is no healthy agent.
    public void failed(String trouble) {
        mark(false, trouble);
        tell(false, trouble);
    }

    private void tell(boolean healthy, String trouble) {
        long now = nanos.getAsLong();
        String state = healthy ? "healthy" : trouble;
        boolean news = !state.equals(told);
        if (!news && now - toldAt < HEARTBEAT.toNanos()) {
            return;
        }
        boolean known =
                healthy
                        ? parts.report()
                                .condition(true, "AgentAnswers", "carpel " + version + " answers")
                        : parts.report().condition(false, "AgentUnhealthy", trouble);
        boolean wasKnown = !told.isEmpty();
        if (known) {
            told = state;
            toldAt = now;
        }
        if (news && !healthy) {
            parts.report().event("CarpelUnhealthy", trouble, true);
        } else if (news && wasKnown) {
            parts.report().event("CarpelHealthy", "the agent is healthy again", false);
        }
    }

    private void mark(boolean healthy, String trouble) {
        if (readyFile.isEmpty()) {
            return;
        }
        Path file = readyFile.get();
        Path why = file.resolveSibling(file.getFileName() + ".trouble");
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (healthy) {
                Files.deleteIfExists(why);
                if (!Files.exists(file)) {
                    Files.createFile(file);
                }
            } else {
                Files.deleteIfExists(file);
                Files.writeString(why, trouble + "\n", StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            parts.report().say("cannot write %s: %s".formatted(file, e));
        }
    }
}
