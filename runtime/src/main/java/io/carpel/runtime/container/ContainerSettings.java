package io.carpel.runtime.container;

import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.store.StateLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// What the administrator and the host decide about containers.
///
/// @param shimCgroup where shims live, so that they die neither with this process's service nor
///   count against a pod
/// @param dev the host's `/dev`
/// @param recursiveReadonly whether the kernel can make mounts read-only with all below them
/// @param createMissingSources whether a missing source of a bind mount is made as a directory;
///   like the next one, asked for each container
/// @param cdiDirectories where devices are described, in the order of their precedence
public record ContainerSettings(
        StateLayout layout,
        CgroupPlacement shimCgroup,
        Path dev,
        boolean recursiveReadonly,
        BooleanSupplier createMissingSources,
        Supplier<List<Path>> cdiDirectories) {}
