package io.carpel.runtime.image.registry;

/// A caller's wish to stop, as seen by work that should heed it.
public interface Interruption {
    /// Nobody will ask to stop.
    Interruption NEVER =
            new Interruption() {
                @Override
                public void check() {}

                @Override
                public Registration onStop(Runnable action) {
                    return () -> {};
                }
            };

    /// @throws io.carpel.runtime.error.CancelledException when the caller has given up
    /// @throws io.carpel.runtime.error.DeadlineExceededException when the caller's time is over
    void check();

    /// Runs `action` once when the wish arrives (at once if it has); close to take it back.
    Registration onStop(Runnable action);

    /// An action that waits for the wish to stop.
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
