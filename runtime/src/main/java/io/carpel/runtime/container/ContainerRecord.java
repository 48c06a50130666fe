package io.carpel.runtime.container;

import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.ResourceLimits;
import java.time.Instant;
import java.util.List;

/// What is written down about a container. How its process is run (for execs) lies beside it and is
/// written once.
///
/// @param spec without the words of its process
/// @param imageVolumes ids of the images leased for its mounts
record ContainerRecord(
        ContainerSpec spec,
        Phase phase,
        ContainerState state,
        Instant createdAt,
        ImageNames image,
        ContainerUser user,
        int stopSignal,
        List<String> argv,
        ResourceLimits resources,
        String cgroup,
        List<String> imageVolumes) {
    static final int VERSION = 1;

    /// Whether it was ever complete. One that was not is taken apart by recovery, never listed.
    enum Phase {
        MAKING,
        COMPLETE
    }

    /// @param reference a repository digest, or the id
    /// @param tag empty when it has none
    record ImageNames(String id, String reference, String tag) {}

    ContainerRecord {
        argv = List.copyOf(argv);
        imageVolumes = List.copyOf(imageVolumes);
    }

    Container snapshot() {
        return new Container(
                spec.id(),
                spec,
                state,
                createdAt,
                image.id(),
                image.reference(),
                image.tag(),
                user,
                stopSignal,
                argv,
                resources,
                cgroup,
                imageVolumes);
    }

    ContainerRecord with(ContainerState next) {
        return with(next, resources);
    }

    ContainerRecord with(ResourceLimits next) {
        return with(state, next);
    }

    private ContainerRecord with(ContainerState nextState, ResourceLimits nextLimits) {
        return new ContainerRecord(
                spec,
                phase,
                nextState,
                createdAt,
                image,
                user,
                stopSignal,
                argv,
                nextLimits,
                cgroup,
                imageVolumes);
    }
}
