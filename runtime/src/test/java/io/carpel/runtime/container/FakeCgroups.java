package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.cgroup.CgroupDriver;
import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.cgroup.CgroupMode;
import io.carpel.runtime.cgroup.CgroupStats;
import io.carpel.runtime.cgroup.DeviceRules;
import io.carpel.runtime.cgroup.StatsDetail;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// Control groups that are entries of a map.
public final class FakeCgroups implements CgroupManager {
    public final Map<String, ResourceLimits> groups = new ConcurrentHashMap<>();
    public final List<String> killed = new ArrayList<>();

    /// Those that nobody has told yet that somebody is in them.
    public final Set<String> kept = ConcurrentHashMap.newKeySet();

    public volatile long oomKills;
    public volatile boolean refuseUpdate;

    /// Runs before limits are changed.
    public volatile Runnable duringUpdate = () -> {};

    @Override
    public CgroupDriver driver() {
        return CgroupDriver.CGROUPFS;
    }

    @Override
    public CgroupMode mode() {
        return CgroupMode.V2;
    }

    @Override
    public String parentPath(String parent) {
        return parent.isEmpty() ? "/fake" : parent;
    }

    @Override
    public String path(String parent, String leaf) {
        return parentPath(parent) + "/" + leaf;
    }

    @Override
    public String leafOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    @Override
    public Cgroup keep(String leaf) {
        return new Group(path("", leaf));
    }

    @Override
    public Map<String, String> leaves() {
        return groups.keySet().stream().collect(Collectors.toMap(this::leafOf, path -> path));
    }

    @Override
    public Cgroup create(String parent, String leaf, ResourceLimits limits, DeviceRules devices) {
        String path = parent + "/" + leaf;
        groups.put(path, limits);
        kept.add(path);
        return new Group(path) {
            @Override
            public void occupied() {
                kept.remove(path);
            }
        };
    }

    @Override
    public Cgroup reopen(String path) {
        return new Group(path);
    }

    @Override
    public Cgroup observe(String path) {
        return new Group(path);
    }

    @Override
    public void countDisk(String group, int major, int minor) {}

    @Override
    public List<String> children(String parent) {
        return groups.keySet().stream().filter(p -> p.startsWith(parent + "/")).toList();
    }

    @Override
    public Optional<String> find(String leaf) {
        return Optional.ofNullable(leaves().get(leaf));
    }

    @Override
    public List<String> missing() {
        return List.of();
    }

    @Override
    public void close() {}

    private class Group implements Cgroup {
        private final String path;

        Group(String path) {
            this.path = path;
        }

        @Override
        public String path() {
            return path;
        }

        @Override
        public List<Path> taskFiles() {
            return List.of();
        }

        @Override
        public Optional<Path> v2Dir() {
            return Optional.of(Path.of("/sys/fs/cgroup" + path));
        }

        @Override
        public Change update(ResourceLimits limits) {
            duringUpdate.run();
            if (refuseUpdate) {
                throw new FailedPreconditionException("memory in use is above the limit");
            }
            ResourceLimits before = groups.put(path, limits);
            if (before == null) {
                groups.remove(path);
                throw new KernelFaultException("no such group: " + path);
            }
            return _ -> groups.put(path, before);
        }

        @Override
        public void killAll() {
            killed.add(path);
        }

        @Override
        public List<Integer> pids() {
            return List.of();
        }

        @Override
        public CgroupStats stats(StatsDetail detail) throws IOException {
            throw new IOException("no numbers in a fake");
        }

        @Override
        public long oomKills() {
            return oomKills;
        }

        @Override
        public void freeze() {}

        @Override
        public void thaw() {}

        @Override
        public void remove() {
            groups.remove(path);
        }

        @Override
        public Cgroup child(String name) {
            return new Group(path + "/" + name);
        }
    }
}
