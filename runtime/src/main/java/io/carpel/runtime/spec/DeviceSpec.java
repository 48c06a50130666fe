package io.carpel.runtime.spec;

import java.util.Optional;

/// A device node (or a directory of them) of the host to be usable inside.
///
/// @param permissions any of `r`, `w`, `m`; empty means all three
/// @param node how the node looks inside, where that is not as on the host; not for a directory
public record DeviceSpec(
        String hostPath, String containerPath, String permissions, Optional<Node> node) {
    /// As it is on the host.
    public DeviceSpec(String hostPath, String containerPath, String permissions) {
        this(hostPath, containerPath, permissions, Optional.empty());
    }

    /// What is known of a node. In a user namespace nodes are the host's own, and mode and owner
    /// stay the host's.
    ///
    /// @param kind `b`, `c`, or empty for either; the host's node must be one
    /// @param major must be the host's node's, when given
    /// @param minor likewise
    /// @param mode permissions; empty is the host's
    /// @param uid empty is the user of the container's process
    /// @param gid empty is the host's
    public record Node(
            String kind,
            Optional<Long> major,
            Optional<Long> minor,
            Optional<Long> mode,
            Optional<Long> uid,
            Optional<Long> gid) {}
}
