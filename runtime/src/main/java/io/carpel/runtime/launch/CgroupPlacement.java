package io.carpel.runtime.launch;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How a process gets into a cgroup.
///
/// @param taskFiles the `tasks` file of each v1 hierarchy; empty on a pure v2 host
/// @param v2Dir directory in the v2 hierarchy, entered while the process is cloned
public record CgroupPlacement(List<Path> taskFiles, Optional<Path> v2Dir) {
    public CgroupPlacement {
        taskFiles = List.copyOf(taskFiles);
    }

    /// Stays where its parent is.
    public static CgroupPlacement none() {
        return new CgroupPlacement(List.of(), Optional.empty());
    }

    boolean isV2() {
        return taskFiles.isEmpty() && v2Dir.isPresent();
    }

    boolean isNone() {
        return taskFiles.isEmpty() && v2Dir.isEmpty();
    }
}
