package io.carpel.agent.cli.install;

import java.util.Map;

/// The agent that has been installed, on its CRI socket. Every method throws
/// [io.carpel.agent.cli.node.NodeException] when it does not answer.
public interface NewAgent {
    /// The version that answers.
    ///
    /// @throws io.carpel.agent.cli.node.NodeException also when one of its conditions does not hold
    String ready();

    /// What it has found out about its host, by name.
    Map<String, String> abilities();

    /// Runs a pod to its end and takes it away again.
    ///
    /// @throws io.carpel.agent.cli.node.NodeException also when the pod did not do as it should
    void tryPod();

    /// How many pods there are, running or not, without the one that this runs in.
    int pods();

    /// Stops and removes all pods but the one that this runs in.
    void removePods();

    /// Whether this runs in one of its pods.
    boolean runsUs();
}
