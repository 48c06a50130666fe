package io.carpel.runtime.network.cni;

import io.carpel.runtime.network.NetworkRequest;
import java.util.Map;
import java.util.Optional;

/// What a sandbox was attached with, as it is written down before the first plugin runs: everything
/// that DEL needs, whatever becomes of the configuration meanwhile.
///
/// @param document the network configuration
/// @param netns path of the network namespace
/// @param args `CNI_ARGS`
/// @param capabilities what `runtimeConfig` may hold, as a JSON object
/// @param result the last plugin's result; empty until ADD has ended well
record CniAttachment(
        String document,
        String netns,
        Map<String, String> args,
        String capabilities,
        Optional<String> result) {
    CniAttachment {
        args = Map.copyOf(args);
    }

    static CniAttachment of(CniNetworkList network, NetworkRequest request, String capabilities) {
        return new CniAttachment(
                network.document(),
                request.netnsFile().toString(),
                request.args(),
                capabilities,
                Optional.empty());
    }

    CniAttachment withResult(CniResult last) {
        return new CniAttachment(
                document, netns, args, capabilities, Optional.of(last.document().toString()));
    }
}
