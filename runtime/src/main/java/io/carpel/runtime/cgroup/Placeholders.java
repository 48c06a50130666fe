package io.carpel.runtime.cgroup;

/// Makes processes that do nothing. systemd makes no scope without one, and a container's own comes
/// later.
@FunctionalInterface
public interface Placeholders {
    /// Starts one. It ends by itself when this process ends.
    Placeholder start();

    /// A process that waits to be ended.
    interface Placeholder {
        int pid();

        /// Ends it; returns when it is gone.
        void end();
    }
}
