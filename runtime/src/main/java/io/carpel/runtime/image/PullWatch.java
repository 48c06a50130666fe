package io.carpel.runtime.image;

/// Hears of every transfer from a registry; the seam for metrics. Callers that share a transfer
/// count as one.
@FunctionalInterface
public interface PullWatch {
    /// Nobody listens.
    PullWatch NONE = _ -> new Watched(PullProgress.NONE, _ -> {});

    /// A pull begins.
    ///
    /// @param reference of the image
    Watched begin(String reference);

    /// A pull under way.
    ///
    /// @param progress hears how it advances
    /// @param end hears once whether it brought the image
    record Watched(PullProgress progress, End end) {}

    /// The end of a pull.
    @FunctionalInterface
    interface End {
        void of(boolean ok);
    }
}
