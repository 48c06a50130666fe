package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.linux.BpfCalls;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.systemd.Units;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes and finds control groups.
public interface CgroupManager extends AutoCloseable {
    /// Looks at how this host mounts its control groups.
    ///
    /// @param placeholders for the systemd driver
    /// @throws UnsupportedException when the host mounts none, or for the systemd driver without
    ///   cgroup v2
    static CgroupManager open(CgroupConfig config, BpfCalls bpf, Placeholders placeholders) {
        try {
            CgroupMounts mounts = CgroupMounts.ofHost();
            if (config.driver() == CgroupDriver.SYSTEMD && mounts.mode() != CgroupMode.V2) {
                throw new UnsupportedException(
                        "cgroup driver systemd needs cgroup v2, and this host has v1: set"
                                + " cgroup.driver to cgroupfs");
            }
            HostCgroups host =
                    new HostCgroups(config, mounts, new DeviceGuard(bpf), ProcessKiller.ofHost());
            return switch (config.driver()) {
                case CGROUPFS -> host;
                case SYSTEMD ->
                        new SystemdCgroups(
                                config,
                                host,
                                mounts.v2().orElseThrow(),
                                Units.ofHost(),
                                new SystemdCgroups.Processes(
                                        placeholders, SystemdCgroups.Mover.ofHost()));
            };
        } catch (IOException e) {
            throw new KernelFaultException("could not read the cgroup mounts", e);
        }
    }

    /// With the cgroupfs driver, which needs no placeholders.
    static CgroupManager open(CgroupConfig config, BpfCalls bpf) {
        return open(
                config,
                bpf,
                () -> {
                    throw new UnsupportedException("no placeholder is to be had");
                });
    }

    /// Who makes the groups.
    CgroupDriver driver();

    CgroupMode mode();

    /// The path of a parent as the driver sees it, for [#observe].
    ///
    /// @param parent as the caller names it; empty means the configured default
    /// @throws io.carpel.runtime.error.InvalidArgumentException when it cannot be a parent, with
    ///   the systemd driver also when it does not end in the name of a slice
    String parentPath(String parent);

    /// The [Cgroup#path] that [#create] gives the group.
    String path(String parent, String leaf);

    /// The leaf from which [#path] made a path; with a path of somebody else's, its last name.
    String leafOf(String path);

    /// Makes the group of `leaf` below `parent` with its limits and device rules, or nothing at
    /// all.
    ///
    /// @param parent absolute, as the caller names it; empty means the configured default
    /// @param leaf a plain name that ends in the container's id
    /// @throws io.carpel.runtime.error.InvalidArgumentException when a name or value cannot be
    /// @throws io.carpel.runtime.error.AlreadyExistsException when the group holds processes
    Cgroup create(String parent, String leaf, ResourceLimits limits, DeviceRules devices);

    /// A group below the default parent for helpers that count against no limit, found or made. It
    /// stays at least until this manager is closed.
    Cgroup keep(String leaf);

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

    /// The paths of groups that can only be ours, by leaf: with the cgroupfs driver those below the
    /// default parent, with systemd those that carry our name.
    Map<String, String> leaves();

    /// The path of the group of this leaf, wherever it is: for when nobody knows any more below
    /// which parent it was made. Looks through all groups of the host.
    ///
    /// @param leaf a name that nobody else gives, such as a container's id
    Optional<String> find(String leaf);

    /// What this host withholds, one plain sentence each.
    List<String> missing();

    /// Removes the default parent if we made it and nothing is left in it.
    @Override
    void close();
}
