package io.carpel.runtime.work;

/// Hears of each step of the work on sandboxes and containers; the seam for metrics, recordings and
/// traces.
@FunctionalInterface
public interface StepWatch {
    /// Nobody listens.
    StepWatch NONE = (_, _, _) -> Running.NONE;

    /// A step begins, on the thread that does it: be quick.
    ///
    /// @param subject what the step works on
    /// @param step such as `attach the network`; of a fixed set
    /// @param around the step of other work that this one is part of, such as a sandbox's whose
    ///   containers are stopped; [Running#NONE] when there is none
    Running begin(Subject subject, String step, Running around);

    /// A step under way.
    @FunctionalInterface
    interface Running {
        /// Nobody listens.
        Running NONE = _ -> {};

        /// The step is over.
        ///
        /// @param ok whether it did what it was to do; one that failed lasts until it is undone
        void end(boolean ok);

        /// The step is at this part of it now, and the part before is over.
        ///
        /// @param name such as `cni plugin bridge (ADD)`; one of few on a host
        default void part(String name) {}

        /// The step touches something that may hang by itself.
        ///
        /// @param what such as `host path /data`
        default void detail(String what) {}
    }
}
