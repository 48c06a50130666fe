package io.carpel.runtime.sandbox;

/// Something happened to a sandbox; the snapshot is the one that is visible now (or was last).
public record SandboxChange(Kind kind, Sandbox sandbox) {
    /// What happened.
    public enum Kind {
        READY,
        STOPPED,
        REMOVED
    }
}
