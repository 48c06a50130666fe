package io.carpel.runtime.launch;

import java.time.Duration;

/// A further process for a running container.
///
/// @param process as the container's, see [ResolvedProcess#withCommand]
/// @param userNamespace whether the container has a user namespace of its own
/// @param cgroup the container's
/// @param timeout after it everything the process has started is killed; zero for never
public record ExecLaunch(
        ResolvedProcess process, boolean userNamespace, CgroupPlacement cgroup, Duration timeout) {}
