package io.carpel.runtime.stats;

import java.util.Optional;

/// What the processes of a container hold, as `/proc` shows it.
///
/// @param descriptors open file descriptors of all processes together
/// @param sockets of those, the ones that are sockets
/// @param openFileLimit the soft limit of the container's first process; empty when it has none, or
///   has ended
public record ProcessCounts(
        long processes, long descriptors, long sockets, Optional<Long> openFileLimit) {}
