package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.UnsupportedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Where the host mounts its control groups.
///
/// @param v1 mount points by controller; a hierarchy that carries several appears several times,
///   and a named one as `name=…`
/// @param v2 the mount point of the unified hierarchy
/// @param v2Controllers what its root offers
record CgroupMounts(Map<String, Path> v1, Optional<Path> v2, Set<String> v2Controllers) {
    private static final Set<String> KNOWN =
            Set.of(
                    "cpu",
                    "cpuacct",
                    "cpuset",
                    "memory",
                    "pids",
                    "devices",
                    "hugetlb",
                    "blkio",
                    "freezer",
                    "name=systemd");

    CgroupMode mode() {
        if (v1.isEmpty()) {
            return CgroupMode.V2;
        }
        return v2.isPresent() ? CgroupMode.HYBRID : CgroupMode.V1;
    }

    /// The distinct v1 mount points.
    Set<Path> v1Roots() {
        return new TreeSet<>(v1.values());
    }

    /// Reads `/proc/self/mountinfo` and the root of the unified hierarchy.
    static CgroupMounts ofHost() throws IOException {
        return parse(Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.UTF_8));
    }

    /// @param mountinfo lines as in proc_pid_mountinfo(5)
    static CgroupMounts parse(List<String> mountinfo) throws IOException {
        var v1 = new LinkedHashMap<String, Path>();
        Optional<Path> v2 = Optional.empty();
        for (String line : mountinfo) {
            // "36 35 98:0 / /sys/fs/cgroup/cpu rw shared:1 - cgroup cgroup rw,cpu"
            String[] halves = line.split(" - ", 2);
            String[] mount = halves[0].split(" ", -1);
            String[] source = halves.length < 2 ? new String[0] : halves[1].split(" ", -1);
            if (mount.length < 5 || source.length < 3) {
                continue;
            }
            Path point = Path.of(mount[4].replace("\\040", " "));
            if (source[0].equals("cgroup2") && v2.isEmpty()) {
                v2 = Optional.of(point);
            } else if (source[0].equals("cgroup")) {
                for (String option : source[2].split(",", -1)) {
                    if (KNOWN.contains(option)) {
                        v1.putIfAbsent(option, point);
                    }
                }
            }
        }
        if (v1.isEmpty() && v2.isEmpty()) {
            throw new UnsupportedException(
                    "no cgroup filesystem is mounted: mount cgroup2 on /sys/fs/cgroup");
        }
        Set<String> controllers = Set.of();
        if (v2.isPresent()) {
            controllers = words(new CgroupDir(v2.get()).readOr("cgroup.controllers", ""));
        }
        return new CgroupMounts(v1, v2, controllers);
    }

    static Set<String> words(String line) {
        return line.isEmpty() ? Set.of() : new TreeSet<>(List.of(line.split(" ", -1)));
    }
}
