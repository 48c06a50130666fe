package io.carpel.runtime.host;

/// One thing that `check` says about this host.
///
/// @param subject a short name, such as `user namespaces`
/// @param text what was found, in a sentence
/// @param fix what to do about it; empty when nothing is wrong or nothing can be done
public record Finding(Level level, String subject, String text, String fix) {
    /// How much it matters.
    public enum Level {
        /// As it should be.
        GOOD,
        /// Containers run, but something is missing.
        DEGRADED,
        /// Containers cannot run.
        BROKEN
    }
}
