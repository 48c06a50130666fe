package io.carpel.runtime.image.snapshot;

/// Bounds on one layer; beyond any of them the layer is refused.
///
/// @param entries members of the archive
/// @param bytes bytes the archive's files may hold, holes of sparse files included
/// @param ratio how many times larger than the compressed blob the archive may be, once it is over
///   64 MiB
/// @param headerBytes bytes of headers, names and extended attributes taken together
public record LayerLimits(long entries, long bytes, long ratio, long headerBytes) {
    public static LayerLimits defaults() {
        return new LayerLimits(4_000_000, 512L << 30, 1100, 4L << 30);
    }
}
