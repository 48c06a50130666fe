package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.NodeApi;
import io.carpel.agent.cli.node.NodeException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Tells the person who waits, and the cluster: events, condition and labels of the node. That the
/// cluster cannot be told is no reason to stop, and is said to the person.
public final class NodeReport {
    static final String INSTALLED = "carpel.io/installed";
    static final String READY = "carpel.io/ready";
    static final String RUNTIME = "carpel.io/runtime";
    static final String FEATURE = "feature.carpel.io/";

    private static final Set<String> OWN = Set.of(INSTALLED, READY, RUNTIME);

    private final NodeApi node;
    private final Consumer<String> progress;

    /// @param progress is told each step
    public NodeReport(NodeApi node, Consumer<String> progress) {
        this.node = node;
        this.progress = progress;
    }

    void say(String what) {
        progress.accept(what);
    }

    void step(String what) {
        say(what);
        telling(() -> node.event("CarpelInstalling", what, false));
    }

    void event(String reason, String what, boolean warning) {
        say(what);
        telling(() -> node.event(reason, what, warning));
    }

    /// @return whether the cluster knows it now
    boolean condition(boolean healthy, String reason, String message) {
        return telling(() -> node.condition(healthy, reason, message));
    }

    /// Marks the node before the first file goes to its disk: what undoes an installation looks for
    /// that.
    void installing(String version) {
        telling(() -> node.label(Map.of(INSTALLED, Optional.of(value(version)))));
    }

    void notInstalled() {
        telling(() -> node.label(unset()));
    }

    /// Labels the node with what the agent found out about it, and takes labels away that no longer
    /// hold. Asks the server to change only what differs.
    ///
    /// @param health what the agent said; empty when it did not answer
    /// @return whether the cluster knows it now
    boolean label(String version, Optional<Map<String, String>> health) {
        return telling(() -> {
            Map<String, String> now = node.labels();
            Map<String, Optional<String>> labels = new TreeMap<>();
            labels.put(INSTALLED, Optional.of(value(version)));
            labels.put(READY, health.map(_ -> "true"));
            labels.put(
                    RUNTIME,
                    node.view().runtime().startsWith("carpel://")
                            ? Optional.of("active")
                            : Optional.empty());
            health.ifPresent(abilities -> {
                now.keySet().stream()
                        .filter(name -> name.startsWith(FEATURE))
                        .forEach(name -> labels.put(name, Optional.empty()));
                abilities.forEach(
                        (name, value) -> labels.put(FEATURE + name, Optional.of(value(value))));
            });
            labels.entrySet()
                    .removeIf(entry ->
                            Optional.ofNullable(now.get(entry.getKey())).equals(entry.getValue()));
            if (!labels.isEmpty()) {
                node.label(labels);
            }
        });
    }

    /// Takes condition and labels away, the one of the installation last.
    ///
    /// @throws NodeException when the cluster cannot be told
    void forget() {
        node.removeCondition();
        Map<String, Optional<String>> labels = unset();
        if (!labels.isEmpty()) {
            node.label(labels);
        }
    }

    /// Those that only this writes: the one that asks for a switch is the administrator's.
    private Map<String, Optional<String>> unset() {
        Map<String, Optional<String>> labels = new TreeMap<>();
        node.labels().keySet().stream()
                .filter(name -> OWN.contains(name) || name.startsWith(FEATURE))
                .forEach(name -> labels.put(name, Optional.empty()));
        return labels;
    }

    /// A label's value is at most 63 letters, digits, `-`, `_` and `.`, and begins and ends with a
    /// letter or digit.
    static String value(String text) {
        String plain = text.replaceAll("[^A-Za-z0-9._-]", "-");
        return plain.substring(0, Math.min(63, plain.length()))
                .replaceAll("^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "");
    }

    private boolean telling(Runnable call) {
        try {
            call.run();
            return true;
        } catch (NodeException e) {
            say("cannot tell the cluster: " + e.getMessage());
            return false;
        }
    }
}
