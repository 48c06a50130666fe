package io.carpel.runtime.network;

import io.carpel.runtime.spec.DnsSpec;
import java.util.List;
import java.util.Optional;

/// What a sandbox got.
///
/// @param addresses without prefix length, the primary first, in the network's own order
/// @param interfaceName the interface inside that carries them
/// @param dns what the network wants in `resolv.conf`; empty when it says nothing
/// @param raw the result as a CNI result document, for people and tools
public record NetworkResult(
        List<String> addresses, String interfaceName, Optional<DnsSpec> dns, String raw) {
    public NetworkResult {
        addresses = List.copyOf(addresses);
    }

    /// The primary address; empty when the network gives none.
    public Optional<String> primaryAddress() {
        return addresses.stream().findFirst();
    }
}
