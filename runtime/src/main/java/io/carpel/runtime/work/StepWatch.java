package io.carpel.runtime.work;

/// Hears of each step of the work on sandboxes and containers; the seam for metrics and recordings.
@FunctionalInterface
public interface StepWatch {
    /// Nobody listens.
    StepWatch NONE = (_, _) -> Running.NONE;

    /// A step begins, on the thread that does it: be quick.
    ///
    /// @param subject what the step works on
    /// @param step such as `attach the network`; of a fixed set
    Running begin(Subject subject, String step);

    /// A step under way.
    @FunctionalInterface
    interface Running {
        /// Nobody listens.
        Running NONE = _ -> {};

        /// The step is over.
        ///
        /// @param ok whether it did what it was to do; one that failed lasts until it is undone
        void end(boolean ok);
    }
}
