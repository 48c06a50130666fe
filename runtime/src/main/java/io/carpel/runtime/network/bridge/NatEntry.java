package io.carpel.runtime.network.bridge;

import io.carpel.runtime.spec.PortMapping;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/// One sandbox's part of the NAT table.
record NatEntry(InetAddress address4, Optional<InetAddress> address6, List<PortMapping> ports) {
    NatEntry {
        ports = List.copyOf(ports);
    }
}
