package io.carpel.runtime.launch;

import io.carpel.runtime.spec.MountSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A mount with its source found.
///
/// @param spec target, propagation and options
/// @param source the host path to bind, links resolved; unused when `layers` is non-empty
/// @param layers layers of an image volume, lowest first; its sub path is `spec.imageSubPath()`
/// @param idmap a file of a user namespace that carries exactly the mount's own id mappings. Empty
///   when the mount has none or when they are the sandbox's, which the planner takes from its pin
public record ResolvedMount(MountSpec spec, Path source, List<Path> layers, Optional<Path> idmap) {
    public ResolvedMount {
        layers = List.copyOf(layers);
    }

    /// A host path as it is.
    public static ResolvedMount bind(MountSpec spec) {
        return new ResolvedMount(spec, Path.of(spec.source()), List.of(), Optional.empty());
    }
}
