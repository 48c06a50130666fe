package io.carpel.runtime.launch;

import io.carpel.runtime.spec.UserNamespaceSpec;
import java.time.Duration;
import java.util.Optional;

/// A further process for a running container.
///
/// @param process as the container's, see [ResolvedProcess#withCommand]
/// @param user the maps of the container's user namespace, if it has one of its own
/// @param cgroup the container's
/// @param timeout after it everything the process has started is killed; zero for never
public record ExecLaunch(
        ResolvedProcess process,
        Optional<UserNamespaceSpec> user,
        CgroupPlacement cgroup,
        Duration timeout) {}
