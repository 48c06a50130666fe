package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.PortMapping.Protocol;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Which host ports lead to which sandbox, so that no two claim the same. Thread-safe.
///
/// A wildcard address claims the port on every address of its family, and an empty one on all.
final class HostPorts {
    private record Port(Protocol protocol, int number) {}

    private record Claim(String owner, Listen listen) {}

    /// Where a mapping listens. No address means all; the flags say of which family.
    record Listen(Optional<InetAddress> address, boolean ipv4, boolean ipv6) {
        static Listen of(PortMapping mapping) {
            if (mapping.hostIp().isEmpty()) {
                return new Listen(Optional.empty(), true, true);
            }
            InetAddress address = AddressRange.literal("host ip", mapping.hostIp());
            boolean ipv4 = address instanceof Inet4Address;
            return new Listen(
                    address.isAnyLocalAddress() ? Optional.empty() : Optional.of(address),
                    ipv4,
                    !ipv4);
        }

        boolean overlaps(Listen other) {
            boolean shareFamily = (ipv4 && other.ipv4) || (ipv6 && other.ipv6);
            return shareFamily
                    && (address.isEmpty()
                            || other.address.isEmpty()
                            || address.equals(other.address));
        }
    }

    private final Map<Port, List<Claim>> claims = new HashMap<>();

    /// Takes all of these ports or none.
    ///
    /// @throws AlreadyExistsException when another sandbox has one of them
    /// @throws InvalidArgumentException when two of them are the same
    synchronized void take(String owner, List<PortMapping> mappings) {
        var wanted = new ArrayList<Map.Entry<Port, Claim>>();
        for (PortMapping mapping : mappings) {
            var port = new Port(mapping.protocol(), mapping.hostPort());
            var claim = new Claim(owner, Listen.of(mapping));
            for (Claim holder : claims.getOrDefault(port, List.of())) {
                if (holder.listen().overlaps(claim.listen())) {
                    throw new AlreadyExistsException(
                            "host port %s is taken by sandbox %s"
                                    .formatted(describe(mapping), holder.owner()));
                }
            }
            for (var earlier : wanted) {
                if (earlier.getKey().equals(port)
                        && earlier.getValue().listen().overlaps(claim.listen())) {
                    throw new InvalidArgumentException(
                            "host port %s is mapped twice".formatted(describe(mapping)));
                }
            }
            wanted.add(Map.entry(port, claim));
        }
        for (var entry : wanted) {
            claims.computeIfAbsent(entry.getKey(), _ -> new ArrayList<>(1)).add(entry.getValue());
        }
    }

    /// Gives back everything that `owner` has.
    synchronized void release(String owner, List<PortMapping> mappings) {
        for (PortMapping mapping : mappings) {
            var port = new Port(mapping.protocol(), mapping.hostPort());
            claims.computeIfPresent(
                    port,
                    (_, holders) -> {
                        holders.removeIf(holder -> holder.owner().equals(owner));
                        return holders.isEmpty() ? null : holders;
                    });
        }
    }

    private static String describe(PortMapping mapping) {
        return "%s%d/%s"
                .formatted(
                        mapping.hostIp().isEmpty() ? "" : mapping.hostIp() + ":",
                        mapping.hostPort(),
                        mapping.protocol().lowerCase());
    }
}
