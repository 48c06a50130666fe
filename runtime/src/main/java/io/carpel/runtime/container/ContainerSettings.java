package io.carpel.runtime.container;

import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.store.StateLayout;
import java.nio.file.Path;
import java.util.List;

/// What the administrator and the host decide about containers.
///
/// @param shimCgroup where shims live, so that they die neither with this process's service nor
///   count against a pod
/// @param dev the host's `/dev`
/// @param recursiveReadonly whether the kernel can make mounts read-only with all below them
/// @param createMissingSources make a missing source of a bind mount as a directory
/// @param cdiDirectories where devices are described, in the order of their precedence
public record ContainerSettings(
        StateLayout layout,
        CgroupPlacement shimCgroup,
        Path dev,
        boolean recursiveReadonly,
        boolean createMissingSources,
        List<Path> cdiDirectories) {
    public ContainerSettings {
        cdiDirectories = List.copyOf(cdiDirectories);
    }
}
