package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;

/// Starts the agent for `carpel serve`. Passed in, since the command line knows nothing of its
/// parts.
@FunctionalInterface
public interface AgentLauncher {
    /// Serves until the process is told to end.
    ///
    /// @return the exit code
    int serve(AgentConfig config);
}
