package io.carpel.runtime.launch;

import java.nio.file.Path;
import java.util.List;

/// What a shim is to do to make a container (or a namespace helper), in order.
///
/// @param id for messages
/// @param socket where the shim listens
/// @param exitRecord where the shim writes the exit; empty path for a helper without one
/// @param shimCgroup where the shim itself goes, before anything else
public record LaunchPlan(
        String id, Path socket, Path exitRecord, CgroupPlacement shimCgroup, List<Op> ops) {
    public LaunchPlan {
        ops = List.copyOf(ops);
    }
}
