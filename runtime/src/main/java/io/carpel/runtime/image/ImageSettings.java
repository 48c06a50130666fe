package io.carpel.runtime.image;

import io.carpel.runtime.image.registry.RegistrySettings;
import io.carpel.runtime.image.snapshot.LayerLimits;
import java.util.List;

/// How images are kept and pulled.
///
/// @param parallelLayers layers of one image transferred and unpacked at once
/// @param pinned names never collected: exact (`registry/name:tag`), or ending or beginning in `*`
/// @param limits bounds on what one layer may contain
public record ImageSettings(
        int parallelLayers, List<String> pinned, LayerLimits limits, RegistrySettings registry) {
    /// @throws io.carpel.runtime.error.InvalidArgumentException naming a pinned name that is none
    public ImageSettings {
        if (parallelLayers < 1 || parallelLayers > 64) {
            throw new IllegalArgumentException(
                    "parallelLayers must be 1 to 64, not " + parallelLayers);
        }
        pinned = List.copyOf(pinned);
        PinnedNames _ = new PinnedNames(pinned);
    }

    public static ImageSettings defaults() {
        return new ImageSettings(4, List.of(), LayerLimits.defaults(), RegistrySettings.defaults());
    }
}
