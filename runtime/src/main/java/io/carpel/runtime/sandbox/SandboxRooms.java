package io.carpel.runtime.sandbox;

import io.carpel.runtime.namespace.IdRangePool;
import io.carpel.runtime.namespace.PodNamespaces;
import io.carpel.runtime.network.PodNetwork;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.work.WorkRoom;

/// The rooms that a sandbox is made with.
///
/// @param containers who knows the containers of a sandbox
record SandboxRooms(
        PodNamespaces namespaces,
        IdRangePool ids,
        SelinuxLabel selinux,
        PodNetwork network,
        RecordStore<SandboxRecord> records,
        SandboxContainers containers,
        WorkRoom work) {}
