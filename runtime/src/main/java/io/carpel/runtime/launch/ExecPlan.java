package io.carpel.runtime.launch;

import java.time.Duration;
import java.util.List;

/// What a shim is to do to run another process in its container, in order.
///
/// @param timeout after which the shim kills it and says so; zero for never
public record ExecPlan(List<Op> ops, Duration timeout) {
    public ExecPlan {
        ops = List.copyOf(ops);
    }
}
