package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.linux.BpfCalls;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.util.List;

/// Makes and finds control groups.
public interface CgroupManager extends AutoCloseable {
    /// Looks at how this host mounts its control groups.
    ///
    /// @throws UnsupportedException when it mounts none, or for the systemd driver, whose place
    ///   this is but which is not there yet
    static CgroupManager open(CgroupConfig config, BpfCalls bpf) {
        return switch (config.driver()) {
            case CGROUPFS -> {
                try {
                    yield new HostCgroups(
                            config,
                            CgroupMounts.ofHost(),
                            new DeviceGuard(bpf),
                            ProcessKiller.ofHost());
                } catch (IOException e) {
                    throw new KernelFaultException("could not read the cgroup mounts", e);
                }
            }
            case SYSTEMD ->
                    throw new UnsupportedException(
                            "cgroup driver systemd is not supported: set it to cgroupfs");
        };
    }

    /// Who makes the groups.
    CgroupDriver driver();

    CgroupMode mode();

    /// Makes the group `parent/leaf` with its limits and device rules, or nothing at all.
    ///
    /// @param parent absolute, as the caller names it; empty means the configured default
    /// @param leaf a plain name that ends in the container's id
    /// @throws io.carpel.runtime.error.InvalidArgumentException when a name or value cannot be
    /// @throws io.carpel.runtime.error.AlreadyExistsException when the group holds processes
    Cgroup create(String parent, String leaf, ResourceLimits limits, DeviceRules devices);

    /// The group with this [Cgroup#path], whether it still exists or not.
    Cgroup reopen(String path);

    /// The sums over a group that belongs to somebody else, such as a pod's parent; only for
    /// [Cgroup#stats], [Cgroup#pids] and [Cgroup#oomKills].
    Cgroup observe(String path);

    /// Makes the kernel count what groups move to and from a disk. Version 2 always does. On
    /// version 1, kernels since 6.10 begin only once a group has set a limit for the disk; this
    /// sets "none" for one of our groups, which limits nobody.
    ///
    /// @param group path of an existing group of ours
    /// @throws KernelFaultException when the kernel refuses
    void countDisk(String group, int major, int minor);

    /// The paths of the groups that lie directly below `parent` on any hierarchy.
    List<String> children(String parent);

    /// What this host withholds, one plain sentence each.
    List<String> missing();

    /// Removes the default parent if we made it and nothing is left in it.
    @Override
    void close();
}
