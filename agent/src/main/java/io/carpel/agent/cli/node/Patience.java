package io.carpel.agent.cli.node;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Waits for conditions of the world outside: asks, waits a little, asks again.
public interface Patience {
    /// @param what is waited for, for the message
    /// @throws NodeException when it is not so within the time, or the thread is interrupted
    void await(String what, Duration atMost, BooleanSupplier condition);
}
