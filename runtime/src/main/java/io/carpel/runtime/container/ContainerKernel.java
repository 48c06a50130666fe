package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.store.Trash;

/// The parts of the host's side that containers are made with.
///
/// @param trash where writable layers go
public record ContainerKernel(
        CgroupManager cgroups, ShimLauncher launcher, ProcessPolicy policy, Trash trash) {}
