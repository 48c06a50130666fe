package io.carpel.runtime.cgroup;

/// How the host mounts its control groups.
public enum CgroupMode {
    /// Controllers on version 1 hierarchies only.
    V1,
    /// Controllers on version 1 hierarchies, and a version 2 one beside them that has at most stray
    /// controllers.
    HYBRID,
    /// All controllers on the one version 2 hierarchy.
    V2
}
