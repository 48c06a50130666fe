package io.carpel.runtime.work;

import java.time.Duration;
import java.time.Instant;

/// One piece of work as it is at this moment.
///
/// @param call what was asked for, such as `create`
/// @param step what it is at, such as `attach the network: cni plugin bridge (ADD)`
/// @param begun when the call began
/// @param since when the step began, or last got on
/// @param patience how long the step may take before something is wrong
public record WorkItem(
        Subject subject,
        String call,
        String step,
        Instant begun,
        Instant since,
        Duration patience) {
    /// Whether the step takes longer than it should.
    public boolean overdue(Instant now) {
        return Duration.between(since, now).compareTo(patience) > 0;
    }
}
