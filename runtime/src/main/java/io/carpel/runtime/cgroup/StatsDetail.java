package io.carpel.runtime.cgroup;

/// How much of a group is read: on version 1 each figure is a file of its own.
public enum StatsDetail {
    /// What kubelets ask for every few seconds, of every container: the processor's time as a
    /// whole, memory, swap and tasks in use, the memory's limit, pressure. All else is zero or
    /// empty.
    USAGE,
    /// Everything.
    ALL
}
