package io.carpel.runtime.image;

/// Deletes what no image needs any more.
public final class ImageGarbageCollector {
    private final ImageStore store;

    public ImageGarbageCollector(ImageStore store) {
        this.store = store;
    }

    /// Deletes removed images that nobody has leased, and layers and blobs that belong to none. Due
    /// once after a restart, when every owner has taken its leases again.
    ///
    /// @return bytes given back
    public long collect() {
        return store.collect();
    }
}
