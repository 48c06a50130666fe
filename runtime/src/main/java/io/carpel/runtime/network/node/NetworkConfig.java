package io.carpel.runtime.network.node;

import io.carpel.runtime.network.bridge.BridgeConfig;
import io.carpel.runtime.network.cni.CniConfig;
import java.nio.file.Path;

/// How this host's sandboxes get their network.
///
/// @param mode which network serves
/// @param stateDirectory where attachments are remembered; survives a reboot
public record NetworkConfig(Mode mode, Path stateDirectory, CniConfig cni, BridgeConfig bridge) {
    /// Which network serves.
    public enum Mode {
        /// CNI when its configuration directory holds a configuration, otherwise the bridge.
        AUTO,
        /// Only CNI. Without a configuration nothing is ready: what a cluster wants whose network
        /// installs its configuration after the node has joined.
        CNI,
        /// Only the built-in bridge.
        BRIDGE
    }
}
