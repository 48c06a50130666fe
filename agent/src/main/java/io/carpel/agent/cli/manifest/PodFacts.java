package io.carpel.agent.cli.manifest;

import java.util.List;

/// What is known of a pod once its sandbox runs.
///
/// @param ips primary first; the node's with its network, none when not known
public record PodFacts(String uid, List<String> ips) {
    public PodFacts {
        ips = List.copyOf(ips);
    }
}
