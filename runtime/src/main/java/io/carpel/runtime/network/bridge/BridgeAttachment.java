package io.carpel.runtime.network.bridge;

import io.carpel.runtime.spec.PortMapping;
import java.util.List;
import java.util.Optional;

/// What a sandbox has of the bridge network, as it is written down before anything is made.
record BridgeAttachment(String address4, Optional<String> address6, List<PortMapping> ports) {
    BridgeAttachment {
        ports = List.copyOf(ports);
    }

    NatEntry natEntry() {
        return new NatEntry(
                AddressRange.literal("address", address4),
                address6.map(text -> AddressRange.literal("address", text)),
                ports);
    }
}
