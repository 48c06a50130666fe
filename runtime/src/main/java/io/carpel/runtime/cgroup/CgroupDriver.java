package io.carpel.runtime.cgroup;

/// Who makes the groups.
public enum CgroupDriver {
    /// We do, by mkdir(2) below the cgroup mounts.
    CGROUPFS,
    /// systemd does, as scopes in slices.
    SYSTEMD
}
