package io.carpel.runtime.spec;

import java.util.Locale;

/// Whose processes a container sees (pid_namespaces(7)).
public enum PidMode {
    /// A new namespace; the container's process is pid 1.
    CONTAINER,
    /// One namespace for all containers of the sandbox; a reaper is pid 1.
    POD,
    /// The host's namespace.
    HOST,
    /// The namespace of another container of the sandbox.
    TARGET;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
