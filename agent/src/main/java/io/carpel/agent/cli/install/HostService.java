package io.carpel.agent.cli.install;

/// The host's service manager, as far as the agent's service is concerned. Every method throws
/// [io.carpel.agent.cli.node.NodeException] when it could not be done, and succeeds when it is so
/// already.
public interface HostService {
    /// Does nothing but fail when it cannot be asked.
    void require();

    /// Whether it is told of the service by a unit of systemd.
    boolean readsUnits();

    /// Starts the agent, anew when it runs. Reads its files again before.
    void restart();

    void stop();

    /// Lets it forget a unit whose file is gone.
    void reload();

    /// For hosts whose administrator starts the agent; whoever installs waits for that.
    static HostService none() {
        return new HostService() {
            @Override
            public void require() {}

            @Override
            public boolean readsUnits() {
                return false;
            }

            @Override
            public void restart() {}

            @Override
            public void stop() {}

            @Override
            public void reload() {}
        };
    }
}
