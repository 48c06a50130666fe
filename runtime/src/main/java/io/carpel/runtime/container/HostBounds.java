package io.carpel.runtime.container;

/// What this process may hand on of scores and limits.
///
/// @param oomScoreAdj its own score: without CAP_SYS_RESOURCE nothing below it can be set
/// @param sysResource whether it has CAP_SYS_RESOURCE (capabilities(7))
public record HostBounds(int oomScoreAdj, boolean sysResource) {
    private static final int MAX = 1000;

    /// As near to what was asked for as the host allows: a pod must not fail for it.
    int clampOomScore(long asked) {
        int low = sysResource ? -MAX : oomScoreAdj;
        return Math.clamp(asked, low, MAX);
    }
}
