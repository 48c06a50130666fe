package io.carpel.runtime.network;

import java.util.List;

/// Whether sandboxes can be attached now.
///
/// @param message one sentence: what serves, or why nothing can
/// @param kind which network the next attach would use
/// @param networkName name of the CNI network or of the bridge; empty when neither serves
/// @param lastLoad how the last look at the CNI configuration directory went; `OK` or a sentence
/// @param files configuration files in use, with full path
public record NetworkStatus(
        boolean ready,
        String message,
        NetworkKind kind,
        String networkName,
        String lastLoad,
        List<String> files) {
    public NetworkStatus {
        files = List.copyOf(files);
    }
}
