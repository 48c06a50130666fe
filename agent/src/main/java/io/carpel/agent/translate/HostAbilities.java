package io.carpel.agent.translate;

/// What this host can do, as far as requests depend on it. The kubelet is told the same.
///
/// @param userNamespaces user namespaces and idmapped mounts
/// @param userNamespacesWithHostNetwork a user namespace beside the host's network
/// @param recursiveReadOnlyMounts `mount_setattr(2)` with AT_RECURSIVE, Linux 5.12
/// @param supplementalGroupsPolicy the policy is kept and the real user reported
/// @param mountOptions noexec, nodev and nosuid on a mount
/// @param privateCgroupNamespace cgroup v2 alone, so that a container may see its own root
public record HostAbilities(
        boolean userNamespaces,
        boolean userNamespacesWithHostNetwork,
        boolean recursiveReadOnlyMounts,
        boolean supplementalGroupsPolicy,
        boolean mountOptions,
        boolean privateCgroupNamespace) {}
