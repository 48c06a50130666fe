package io.carpel.runtime.spec;

/// A device node (or a directory of them) of the host to be usable inside.
///
/// @param permissions any of `r`, `w`, `m`; empty means all three
public record DeviceSpec(String hostPath, String containerPath, String permissions) {}
