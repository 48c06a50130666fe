package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.Optional;

/// The built-in bridge network.
///
/// @param bridge name of the bridge interface
/// @param table name of the nftables table (family inet) that holds masquerade and host ports
/// @param range4 IPv4 range for sandboxes, for example `10.88.0.0/16`; its first address is the
///   bridge's
/// @param range6 IPv6 range for sandboxes that get both families
/// @param mtu of bridge and interfaces; 0 leaves the kernel's default
public record BridgeConfig(
        String bridge, String table, String range4, Optional<String> range6, int mtu) {
    /// IFNAMSIZ of `linux/if.h` less the terminating zero.
    private static final int MAX_INTERFACE_NAME = 15;

    public BridgeConfig {
        if (!bridge.matches("[A-Za-z][A-Za-z0-9_.\\-]*") || bridge.length() > MAX_INTERFACE_NAME) {
            throw new InvalidArgumentException(
                    "network bridge '%s' is not an interface name of 1 to 15 letters, digits, '_', '.' or '-'"
                            .formatted(bridge));
        }
        if (!table.matches("[A-Za-z][A-Za-z0-9_]{0,63}")) {
            throw new InvalidArgumentException(
                    "network table '%s' is not a name of 1 to 64 letters, digits or '_'"
                            .formatted(table));
        }
        if (mtu != 0 && (mtu < 1280 || mtu > 65535)) {
            throw new InvalidArgumentException(
                    "network mtu %d is not 0 or in 1280…65535".formatted(mtu));
        }
    }
}
