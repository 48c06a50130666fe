package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.Locale;

/// A port of the host that leads to a port of the sandbox.
///
/// @param hostPort 1…65535
/// @param containerPort 1…65535
/// @param hostIp address on the host to listen on; empty means all
public record PortMapping(Protocol protocol, int hostPort, int containerPort, String hostIp) {
    /// The transport protocols that can be mapped.
    public enum Protocol {
        TCP,
        UDP,
        SCTP;

        /// The name as CNI and nftables spell it.
        public String lowerCase() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public PortMapping {
        check("host port", hostPort);
        check("container port", containerPort);
    }

    private static void check(String field, int port) {
        if (port < 1 || port > 65535) {
            throw new InvalidArgumentException("%s %d is not in 1…65535".formatted(field, port));
        }
    }
}
