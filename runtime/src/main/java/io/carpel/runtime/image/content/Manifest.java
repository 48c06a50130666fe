package io.carpel.runtime.image.content;

import java.util.List;

/// What a manifest blob can be.
public sealed interface Manifest {
    /// One image: its configuration and its layers, lowest first.
    record Single(String mediaType, Descriptor config, List<Descriptor> layers)
            implements Manifest {
        public Single {
            layers = List.copyOf(layers);
        }
    }

    /// Several images, usually one for each platform.
    record Index(String mediaType, List<Descriptor> manifests) implements Manifest {
        public Index {
            manifests = List.copyOf(manifests);
        }
    }
}
