package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;
import java.util.function.Supplier;

/// Starts the agent for `carpel serve`. Passed in, since the command line knows nothing of its
/// parts.
@FunctionalInterface
public interface AgentLauncher {
    /// Serves until the process is told to end.
    ///
    /// @param again reads the configuration again, for a change while it serves; throws what the
    ///   first reading would
    /// @return the exit code
    int serve(AgentConfig config, Supplier<AgentConfig> again);
}
