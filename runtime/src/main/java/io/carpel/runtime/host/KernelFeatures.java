package io.carpel.runtime.host;

import java.util.List;

/// What this host can do, found out once at start.
///
/// @param release as `uname -r` says it
/// @param overlay overlayfs can be mounted
/// @param recursiveReadonly mount_setattr(2) works, so mounts can be read-only with all below them
/// @param userNamespaces a process can be started in one
/// @param idmappedMounts files of the state directory can be shown with mapped ids
/// @param seccomp the kernel filters system calls and libseccomp is there
/// @param apparmor the host runs AppArmor
/// @param selinux the host runs SELinux
/// @param sysResource we have CAP_SYS_RESOURCE: hard limits can be raised and scores lowered
/// @param boundingCapabilities bit mask of what we may hand on
/// @param oomScoreAdj our own score, below which nothing goes without CAP_SYS_RESOURCE
/// @param hugepageSizes as cgroup files spell them, such as `2MB`
/// @param findings everything above and more in words, the worst first
public record KernelFeatures(
        String release,
        boolean overlay,
        boolean recursiveReadonly,
        boolean userNamespaces,
        boolean idmappedMounts,
        boolean seccomp,
        boolean apparmor,
        boolean selinux,
        boolean sysResource,
        long boundingCapabilities,
        int oomScoreAdj,
        List<String> hugepageSizes,
        List<Finding> findings) {
    public KernelFeatures {
        hugepageSizes = List.copyOf(hugepageSizes);
        findings = List.copyOf(findings);
    }

    /// Whether containers can run at all.
    public boolean usable() {
        return findings.stream().noneMatch(finding -> finding.level() == Finding.Level.BROKEN);
    }
}
