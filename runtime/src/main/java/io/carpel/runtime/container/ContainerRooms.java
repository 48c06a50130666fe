package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.Trash;
import io.carpel.runtime.work.WorkRoom;

/// The rooms that a container is made with.
record ContainerRooms(
        ObjectTable<Sandbox, SandboxChange> sandboxes,
        ContainerImages images,
        CgroupManager cgroups,
        ShimLauncher launcher,
        ProcessPolicy policy,
        RecordStore<ContainerRecord> records,
        ProcessStore processes,
        Trash trash,
        WorkRoom work) {}
