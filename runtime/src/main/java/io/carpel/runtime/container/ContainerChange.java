package io.carpel.runtime.container;

/// Something happened to a container; the snapshot is the one that is visible now (or was last).
public record ContainerChange(Kind kind, Container container) {
    /// What happened.
    public enum Kind {
        CREATED,
        STARTED,
        STOPPED,
        UPDATED,
        REMOVED
    }
}
