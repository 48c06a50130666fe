package io.carpel.runtime.image;

import java.nio.file.Path;
import java.util.List;

/// One unpacked image as it is at this moment; immutable.
///
/// @param id `sha256:` and the digest of the configuration blob; the same under every name
/// @param repoTags full names with a tag, sorted
/// @param repoDigests full names with a digest, sorted
/// @param size bytes on disk of its layers and blobs
/// @param pinned by configuration: garbage collectors leave it alone, an explicit removal does not
/// @param layers directories of the unpacked layers, lowest first, ready as overlay lower layers
public record Image(
        String id,
        List<String> repoTags,
        List<String> repoDigests,
        long size,
        boolean pinned,
        ImageConfig config,
        List<Path> layers) {
    public Image {
        repoTags = List.copyOf(repoTags);
        repoDigests = List.copyOf(repoDigests);
        layers = List.copyOf(layers);
    }
}
