package io.carpel.runtime.network;

/// The networks there are. Names are written to disk: add, never rename.
public enum NetworkKind {
    /// Plugins of the Container Network Interface.
    CNI,
    /// The built-in bridge.
    BRIDGE
}
