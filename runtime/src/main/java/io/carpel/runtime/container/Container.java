package io.carpel.runtime.container;

import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.ObjectTable;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// A container at one moment.
///
/// @param spec without the words of its process: its command line is `argv`
/// @param createdAt distinct for every container of this host and increasing
/// @param imageId the image's id, `sha256:…`
/// @param imageRef a repository digest of the image, or its id when it has none
/// @param imageTag a tag of the image, or empty when it has none
/// @param stopSignal the signal that really is sent to make it end
/// @param argv the command line after the image's configuration was merged in
/// @param resources the limits in force
/// @param cgroup path of its cgroup below the hierarchies' roots
/// @param imageVolumes ids of the images mounted as volumes, in the order of the spec's mounts that
///   name an image
public record Container(
        String id,
        ContainerSpec spec,
        ContainerState state,
        Instant createdAt,
        String imageId,
        String imageRef,
        String imageTag,
        ContainerUser user,
        int stopSignal,
        List<String> argv,
        ResourceLimits resources,
        String cgroup,
        List<String> imageVolumes) {
    public Container {
        argv = List.copyOf(argv);
        imageVolumes = List.copyOf(imageVolumes);
    }

    /// The table that containers are shown in.
    public static ObjectTable<Container, ContainerChange> table() {
        return new ObjectTable<>(
                "container", Container::id, Comparator.comparing(Container::createdAt));
    }

    /// The init's pid as the host sees it, while there is one.
    public Optional<Integer> pid() {
        return switch (state) {
            case ContainerState.Created(int pid) -> Optional.of(pid);
            case ContainerState.Running(int pid, Instant _) -> Optional.of(pid);
            case ContainerState.Exited _, ContainerState.Unknown _ -> Optional.empty();
        };
    }
}
