package io.carpel.agent.cli.node;

import java.util.function.Consumer;
import java.util.function.Function;

/// What a switch works with.
///
/// @param runtimes a client of the runtime at an endpoint
/// @param progress is told each step, for the person who waits
public record NodeParts(
        NodeApi node,
        KubeletService kubelet,
        KubeletFiles files,
        JournalFile<SwitchJournal> journal,
        Function<String, PodRuntime> runtimes,
        Patience patience,
        Consumer<String> progress) {}
