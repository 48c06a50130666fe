package io.carpel.agent.pod;

/// Waits for what cannot be asked. The callers' own time limit ends a wait that never does.
final class Waiting {
    private Waiting() {}

    /// Until the thread waits for somebody else.
    static void untilBlocked(Thread thread) {
        while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
            Thread.onSpinWait();
        }
    }
}
