package io.carpel.runtime.launch;

import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Everything that is needed to launch one container, with nothing left to look up.
///
/// @param id the container's id, for messages
/// @param devices device nodes beyond the default ones, directories already expanded
/// @param label what the container's files show SELinux; empty without it
/// @param privileged all of `/sys` and the cgroup tree writable
public record ContainerLaunch(
        String id,
        ResolvedProcess process,
        Namespaces namespaces,
        RootFilesystem root,
        PodFiles podFiles,
        List<ResolvedMount> mounts,
        List<Device> devices,
        PathRules paths,
        CgroupPlacement cgroup,
        ShimFiles shim,
        Optional<FileLabel> label,
        boolean privileged) {
    public ContainerLaunch {
        mounts = List.copyOf(mounts);
        devices = List.copyOf(devices);
    }

    /// @param pins the sandbox's namespaces; an absent one is the host's
    /// @param pid which processes the container sees
    /// @param targetPid `/proc/PID/ns/pid` of a process in the namespace to join, with
    ///   [PidMode#TARGET]
    /// @param user the maps of the namespace pinned in `pins.user()`
    public record Namespaces(
            PinnedNamespaces pins,
            PidMode pid,
            Optional<Path> targetPid,
            Optional<UserNamespaceSpec> user) {}

    /// @param layers unpacked layers of the image, lowest first
    /// @param upper an empty directory for changes
    /// @param work an empty directory on the same filesystem as `upper`
    /// @param readonly the container may not write to its root
    public record RootFilesystem(List<Path> layers, Path upper, Path work, boolean readonly) {
        public RootFilesystem {
            layers = List.copyOf(layers);
        }
    }

    /// Files of the sandbox that are bound into each of its containers unless a mount replaces
    /// them.
    ///
    /// @param shm directory to be seen as `/dev/shm`
    public record PodFiles(
            Optional<Path> hosts, Optional<Path> hostname, Optional<Path> resolv, Path shm) {}

    /// A device node of the host to be usable inside.
    ///
    /// @param hostPath a character or block device, not a directory
    /// @param containerPath absolute path inside
    /// @param mode permissions; [#HOSTS] for those of the host's node, as for the owner
    public record Device(Path hostPath, String containerPath, long mode, long uid, long gid) {
        public static final long HOSTS = -1;

        /// One that looks like the host's.
        public static Device likeHost(Path hostPath, String containerPath) {
            return new Device(hostPath, containerPath, HOSTS, HOSTS, HOSTS);
        }
    }

    /// @param masked made unreadable
    /// @param readonly made read-only
    public record PathRules(List<String> masked, List<String> readonly) {
        public PathRules {
            masked = List.copyOf(masked);
            readonly = List.copyOf(readonly);
        }
    }

    /// An SELinux label for all that is mounted for the container alone.
    ///
    /// @param text as the kernel takes it
    /// @param empty an empty directory: below a single layer it makes it an overlay, which can have
    ///   a label although the layer has its own
    public record FileLabel(String text, Path empty) {}

    /// Where the shim and the rest of the world meet.
    ///
    /// @param socket control socket; its directory exists and is root's alone
    /// @param exitRecord written once, when the container has ended
    /// @param log file in the CRI's log format; empty discards the output
    /// @param cgroup where the shim itself lives; must not be the agent's own cgroup
    public record ShimFiles(
            Path socket, Path exitRecord, Optional<Path> log, CgroupPlacement cgroup) {}
}
