package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.HexFormat;
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
    /// Names and range that no other instance of this program on the host has by default.
    ///
    /// @param instance empty for the usual single one: `carpel0`, `10.88.0.0/16`. Others get a /20
    ///   of 10.128.0.0/9 that follows from the name; two that meet by chance are refused when the
    ///   bridge is made.
    public static BridgeConfig forInstance(String instance) {
        if (instance.isEmpty()) {
            return new BridgeConfig("carpel0", "carpel", "10.88.0.0/16", Optional.empty(), 0);
        }
        byte[] digest = Veth.digest(instance);
        int number = (Byte.toUnsignedInt(digest[0]) << 3) | (Byte.toUnsignedInt(digest[1]) >> 5);
        return new BridgeConfig(
                "cpl" + HexFormat.of().formatHex(digest, 0, 4),
                "carpel_" + instance,
                "10.%d.%d.0/20".formatted(128 + (number >> 4), (number & 15) << 4),
                Optional.empty(),
                0);
    }

    /// The same with another IPv4 range.
    public BridgeConfig withRange4(String range) {
        return new BridgeConfig(bridge, table, range, range6, mtu);
    }

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
