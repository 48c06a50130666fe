package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.launch.ShimLauncher;

/// The parts of the kernel's side that containers are made with.
public record ContainerKernel(CgroupManager cgroups, ShimLauncher launcher, ProcessPolicy policy) {}
