package io.carpel.runtime.namespace;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.spec.NamespaceSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// What [PodNamespaces#create] is to make.
///
/// @param id of the sandbox, for messages and helpers
/// @param spec which namespaces are the pod's own
/// @param hostname name in a UTS namespace of its own; empty leaves the host's
/// @param sysctls in dotted form; see [Sysctls]
/// @param pinsDir directory for the pins, made when absent
/// @param netnsFile where the network namespace is pinned, so that `ip netns` lists it
/// @param shm where the pod's `/dev/shm` is mounted when its IPC namespace is its own
/// @param shmSize bytes
/// @param label what files there show SELinux; empty without it
/// @param helperSocket where a helper process may listen meanwhile; at most 107 bytes (unix(7))
/// @param reaperCgroup where the first process of a shared pid namespace is counted
public record PodNamespacesRequest(
        String id,
        NamespaceSpec spec,
        String hostname,
        Map<String, String> sysctls,
        Path pinsDir,
        Path netnsFile,
        Path shm,
        long shmSize,
        Optional<String> label,
        Path helperSocket,
        CgroupPlacement reaperCgroup) {
    /// What docker and others give a container.
    public static final long DEFAULT_SHM_SIZE = 64L << 20;

    public PodNamespacesRequest {
        sysctls = Map.copyOf(sysctls);
        if (shmSize <= 0) {
            throw new InvalidArgumentException("shm size %d is not positive".formatted(shmSize));
        }
    }

    /// A reaper, if there is one, stays where its parent is.
    public PodNamespacesRequest(
            String id,
            NamespaceSpec spec,
            String hostname,
            Map<String, String> sysctls,
            Path pinsDir,
            Path netnsFile,
            Path shm,
            long shmSize) {
        this(
                id,
                spec,
                hostname,
                sysctls,
                pinsDir,
                netnsFile,
                shm,
                shmSize,
                Optional.empty(),
                pinsDir.resolve("helper"),
                CgroupPlacement.none());
    }
}
