package io.carpel.runtime.stats;

import java.time.Instant;

/// What one container uses.
///
/// @param cpuNanos CPU time consumed so far
/// @param memoryUsage bytes charged, page cache included
/// @param workingSet `memoryUsage` without the inactive file cache
/// @param rss anonymous memory
/// @param memoryLimit bytes; 0 is none
/// @param processes tasks in its cgroup
/// @param writableBytes bytes in its writable layer, measured now and then
public record ContainerStats(
        String id,
        Instant at,
        long cpuNanos,
        long memoryUsage,
        long workingSet,
        long rss,
        long memoryLimit,
        long pageFaults,
        long majorPageFaults,
        long swapUsage,
        long processes,
        long writableBytes,
        long writableInodes) {}
