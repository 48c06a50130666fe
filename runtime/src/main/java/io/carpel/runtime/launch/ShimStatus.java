package io.carpel.runtime.launch;

import java.time.Instant;
import java.util.Optional;

/// What a shim tells about its container.
///
/// @param pid host pid of the container's first process
/// @param shimPid host pid of the shim
/// @param startedAt when its program was executed; empty before
/// @param droppedLogBytes output so far that could not be logged because the disk was full
public record ShimStatus(int pid, int shimPid, Optional<Instant> startedAt, long droppedLogBytes) {}
