package io.carpel.runtime.image.snapshot;

/// Bounds on one layer; beyond any of them the layer is refused.
///
/// @param entries members of the archive
/// @param bytes bytes the archive's files may hold, holes of sparse files included
/// @param ratio how many times larger than the compressed blob the content may be, once it is over
///   `ratioFloor`
/// @param ratioFloor bytes of content below which the ratio does not matter
public record LayerLimits(long entries, long bytes, long ratio, long ratioFloor) {
    public static LayerLimits defaults() {
        return new LayerLimits(2_000_000, 256L << 30, 200, 1L << 30);
    }
}
