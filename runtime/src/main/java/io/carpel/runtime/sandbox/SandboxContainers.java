package io.carpel.runtime.sandbox;

/// What a sandbox needs of its containers; implemented next door in `container`, which this room
/// does not know.
public interface SandboxContainers {
    /// Kills every container of the sandbox, those just being created included, and returns when
    /// they have ended. No new one appears, since the sandbox is not ready any more.
    void stopAll(String sandboxId);

    /// Removes every container of the sandbox.
    void removeAll(String sandboxId);
}
