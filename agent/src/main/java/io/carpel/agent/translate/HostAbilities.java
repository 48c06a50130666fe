package io.carpel.agent.translate;

import io.carpel.runtime.host.KernelFeatures;
import java.util.Map;

/// What this host can do, as far as requests depend on it. The kubelet is told the same.
///
/// @param userNamespaces user namespaces and idmapped mounts
/// @param userNamespacesWithHostNetwork a user namespace beside the host's network
/// @param recursiveReadOnlyMounts `mount_setattr(2)` with AT_RECURSIVE, Linux 5.12
/// @param supplementalGroupsPolicy the policy is kept and the real user reported
/// @param mountOptions noexec, nodev and nosuid on a mount
public record HostAbilities(
        boolean userNamespaces,
        boolean userNamespacesWithHostNetwork,
        boolean recursiveReadOnlyMounts,
        boolean supplementalGroupsPolicy,
        boolean mountOptions) {
    /// What can be promised on a host with these features.
    public static HostAbilities of(KernelFeatures features) {
        return new HostAbilities(
                features.userNamespaces() && features.idmappedMounts(),
                // sysfs of the host's network cannot be mounted from inside a user namespace.
                false,
                features.recursiveReadonly(),
                true,
                true);
    }

    /// What the host is and can do, by the names that a cluster's people see.
    ///
    /// @param cgroups v1, hybrid or v2
    public static Map<String, String> names(KernelFeatures features, String cgroups) {
        return Map.of(
                "cgroup", cgroups,
                "user-namespaces", String.valueOf(features.userNamespaces()),
                "idmapped-mounts", String.valueOf(features.idmappedMounts()),
                "recursive-read-only", String.valueOf(features.recursiveReadonly()),
                "seccomp", String.valueOf(features.seccomp()),
                "apparmor", String.valueOf(features.apparmor()),
                "selinux", String.valueOf(features.selinux()));
    }
}
