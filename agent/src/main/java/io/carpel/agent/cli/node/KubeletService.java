package io.carpel.agent.cli.node;

/// Stops and starts the node's kubelet. Both succeed when it is so already, and both throw
/// [NodeException] when it could not be done.
public interface KubeletService {
    void stop();

    /// Also makes the service manager read its files again.
    void start();
}
