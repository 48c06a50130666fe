package io.carpel.runtime.image;

import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.linux.FileCalls;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/// What images are present: finding, listing, removing, leasing.
///
/// Reads take no lock. Thread-safe.
public final class ImageStore implements AutoCloseable {
    private final Path directory;
    private final Clock clock;
    private final java.util.Map<String, String> configs =
            new java.util.concurrent.ConcurrentHashMap<>();

    private ImageStore(Path directory, Clock clock) {
        this.directory = directory;
        this.clock = clock;
    }

    /// Opens the store below `directory`, sweeps what an earlier run left half done, and sets aside
    /// images that are no longer whole.
    public static ImageStore open(
            Path directory, ImageSettings settings, FileCalls files, Clock clock) {
        return new ImageStore(directory, clock);
    }

    /// The image by any form of reference: name, name with digest, id, unique beginning of an id.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException when `ref` is malformed
    public Optional<Image> find(String ref) {
        return Optional.empty();
    }

    /// Every image, sorted by id.
    public List<Image> list() {
        return List.of();
    }

    /// Takes away every name of the image, and its layers as soon as nobody has leased it.
    ///
    /// @return the names that are gone; empty when there was no such image
    public List<String> remove(String ref) {
        return List.of();
    }

    public ImageUsage usage() {
        return new ImageUsage(directory, 0, 0, clock.instant());
    }

    /// The image's configuration blob, JSON as the registry gave it.
    public String configJson(String imageId) {
        return Optional.ofNullable(configs.get(imageId))
                .orElseThrow(() -> new NotFoundException("image " + imageId + " is not present"));
    }

    /// Keeps the image's layers on disk for `owner` (a container or a mount) until [#release], even
    /// when its names are removed. Leases are not written down: after a restart owners take them
    /// again from their own records, then [ImageGarbageCollector#collect] is due.
    ///
    /// @throws io.carpel.runtime.error.NotFoundException when there is no such image
    public Image lease(String imageId, String owner) {
        return find(imageId)
                .orElseThrow(() -> new NotFoundException("image " + imageId + " is not present"));
    }

    /// Ends a lease; one that was never taken is none.
    public void release(String imageId, String owner) {}

    @Override
    public void close() {}
}
