package io.carpel.runtime.launch;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Finds the files of a cgroup that a plan names, from the `tasks` files alone.
final class CgroupFiles {
    private static final Path ROOT = Path.of("/sys/fs/cgroup");

    private CgroupFiles() {}

    /// Directory of the hierarchy with this controller or name on v1.
    static Optional<Path> v1(CgroupPlacement cgroup, String hierarchy) {
        return cgroup.taskFiles().stream()
                .filter(file -> List.of(hierarchy(file).split(",", -1)).contains(hierarchy))
                .findFirst()
                .map(CgroupFiles::directory);
    }

    /// The name of a hierarchy: the directory it is mounted at.
    static String hierarchy(Path tasksFile) {
        return tasksFile.startsWith(ROOT) && tasksFile.getNameCount() > ROOT.getNameCount()
                ? tasksFile.getName(ROOT.getNameCount()).toString()
                : "";
    }

    static Path directory(Path tasksFile) {
        return tasksFile.resolveSibling("").normalize();
    }

    /// The hierarchy in which an exec gets a cgroup of its own on v1: one without a controller, so
    /// that nothing is limited or counted there.
    static Path tracking(CgroupPlacement cgroup) {
        return v1(cgroup, "systemd").orElseGet(() -> directory(cgroup.taskFiles().getLast()));
    }

    static Op accounting(CgroupPlacement cgroup) {
        if (cgroup.isV2()) {
            String dir = cgroup.v2Dir().orElseThrow().toString();
            return new Op.Accounting(dir, dir + "/memory.events", dir + "/memory.peak");
        }
        // Not the tracking hierarchy: an exec's processes are not listed in its parent there.
        // The freezer if there is one: who kills there can thaw as well.
        Path kill = v1(cgroup, "freezer").orElseGet(() -> directory(cgroup.taskFiles().getFirst()));
        Optional<Path> memory = v1(cgroup, "memory");
        return new Op.Accounting(
                kill.toString(),
                memory.map(dir -> dir + "/memory.oom_control").orElse(""),
                memory.map(dir -> dir + "/memory.max_usage_in_bytes").orElse(""));
    }
}
