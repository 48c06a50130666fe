package io.carpel.runtime.image;

/// Hears how a pull or an import advances. Called from several threads, often: be quick.
public interface PullProgress {
    /// Listens to nothing.
    PullProgress NONE = _ -> {};

    void on(Event event);

    /// What has happened; `layer` is the digest by which the manifest names the blob.
    sealed interface Event {
        /// The manifest is known.
        ///
        /// @param id the image's id
        record Resolved(String id, int layers, long bytes) implements Event {}

        /// Bytes of a layer that have arrived in all; may fall when a transfer starts again.
        record Downloaded(String layer, long bytes, long total) implements Event {}

        /// The layer is unpacked and verified.
        record Unpacked(String layer) implements Event {}

        /// The layer was here already.
        record Present(String layer) implements Event {}

        /// A transfer broke off and is taken up again.
        record Retrying(String layer, String reason) implements Event {}
    }
}
