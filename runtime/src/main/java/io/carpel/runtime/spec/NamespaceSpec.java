package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.Optional;

/// Which namespaces a sandbox has of its own and which are the host's.
///
/// @param hostNetwork the host's network namespace, and with it the host's UTS namespace
/// @param hostIpc the host's IPC namespace and its `/dev/shm`
/// @param pid the sandbox's PID mode; [PidMode#TARGET] is a container's choice only
/// @param user the maps of the sandbox's own user namespace; empty means the host's
public record NamespaceSpec(
        boolean hostNetwork, boolean hostIpc, PidMode pid, Optional<UserNamespaceSpec> user) {
    public NamespaceSpec {
        if (pid == PidMode.TARGET) {
            throw new InvalidArgumentException("pid mode target is not for a sandbox");
        }
        if (pid == PidMode.HOST && user.isPresent()) {
            // proc of the host's pid namespace cannot be mounted from a nested user namespace.
            throw new InvalidArgumentException(
                    "the host's pid namespace cannot be combined with a user namespace");
        }
    }
}
