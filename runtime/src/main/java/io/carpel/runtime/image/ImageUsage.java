package io.carpel.runtime.image;

import java.nio.file.Path;
import java.time.Instant;

/// What the image store occupies.
///
/// @param directory an existing directory on the filesystem meant
/// @param bytes allocated to everything kept: layers, their indexes, manifests, configurations
public record ImageUsage(Path directory, long bytes, long inodes, Instant at) {}
