package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.sandbox.SandboxTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.Trash;

/// The rooms that a container is made with.
record ContainerRooms(
        SandboxTable sandboxes,
        ContainerImages images,
        CgroupManager cgroups,
        ShimLauncher launcher,
        ProcessPolicy policy,
        RecordStore<ContainerRecord> records,
        ProcessStore processes,
        Trash trash) {}
