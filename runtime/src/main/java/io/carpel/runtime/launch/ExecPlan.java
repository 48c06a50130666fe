package io.carpel.runtime.launch;

import java.util.List;

/// What a shim is to do to run another process in its container, in order.
public record ExecPlan(List<Op> ops) {
    public ExecPlan {
        ops = List.copyOf(ops);
    }
}
