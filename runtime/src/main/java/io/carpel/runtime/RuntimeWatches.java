package io.carpel.runtime;

import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;

/// Who looks on while the runtime works.
///
/// @param steps hears of the steps of work on sandboxes and containers
/// @param pulls hears of transfers from registries
public record RuntimeWatches(StepWatch steps, PullWatch pulls) {
    /// Nobody.
    public static RuntimeWatches none() {
        return new RuntimeWatches(StepWatch.NONE, PullWatch.NONE);
    }
}
