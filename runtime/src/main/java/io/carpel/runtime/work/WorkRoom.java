package io.carpel.runtime.work;

import java.time.Clock;
import java.time.Duration;

/// The parts of this room that belong together.
public record WorkRoom(WorkBoard board, SlowCalls slow, Janitor janitor) implements AutoCloseable {
    /// More than a healthy host ever needs at once; each that hangs costs a thread's stack.
    private static final int SLOW_CALLS = 64;

    /// A file server that is only slow answers within this; well below what callers wait for.
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    public static WorkRoom open(Clock clock) {
        return open(clock, StepWatch.NONE);
    }

    /// @param watch hears of the steps of work on sandboxes and containers
    public static WorkRoom open(Clock clock, StepWatch watch) {
        WorkBoard board = new WorkBoard(clock, watch);
        return new WorkRoom(
                board, new SlowCalls(board, SLOW_CALLS, PATIENCE), new Janitor(board, FIRST_PAUSE));
    }

    @Override
    public void close() {
        janitor.close();
    }
}
