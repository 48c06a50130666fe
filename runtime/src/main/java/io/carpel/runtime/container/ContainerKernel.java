package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.store.Trash;
import io.carpel.runtime.work.WorkRoom;

/// The parts of the host's side that containers are made with.
///
/// @param trash where writable layers go
/// @param work where it is seen what is being done
public record ContainerKernel(
        CgroupManager cgroups,
        ShimLauncher launcher,
        ProcessPolicy policy,
        Trash trash,
        WorkRoom work) {}
