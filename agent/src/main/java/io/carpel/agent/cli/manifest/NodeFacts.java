package io.carpel.agent.cli.manifest;

import io.carpel.cri.DNSConfig;
import java.nio.file.Path;

/// What the mapping must know about the node.
///
/// @param nodeName for `spec.nodeName` in a fieldRef
/// @param memoryBytes of the node, for the OOM score as the kubelet computes it
/// @param dns what the node's resolv.conf says
/// @param userRange first host id of 65536 free ones, for a pod with hostUsers: false
/// @param podDirectory where logs and emptyDirs of this pod lie
public record NodeFacts(
        String nodeName, long memoryBytes, DNSConfig dns, long userRange, Path podDirectory) {
    /// How many ids a pod gets, as the kubelet has it.
    public static final int IDS_PER_POD = 65536;

    public Path logDirectory() {
        return podDirectory.resolve("logs");
    }
}
