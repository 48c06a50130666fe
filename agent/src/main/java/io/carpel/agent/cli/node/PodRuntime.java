package io.carpel.agent.cli.node;

/// A runtime on its CRI socket. Every method throws [NodeException] when it does not answer.
public interface PodRuntime {
    /// Where it listens, in the kubelet's form: `unix:///run/…`.
    String endpoint();

    /// What it calls itself, the part before `://` of a node's runtime version. Fails unless its
    /// conditions RuntimeReady and NetworkReady both hold.
    String readyName();

    /// Stops all running pods.
    ///
    /// @param but the uid of a pod to leave alone; empty for none
    /// @return how many were stopped
    int stopPods(String but);
}
