package io.carpel.runtime.container;

import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ProfileSpec;
import java.util.Set;

/// Turns the choice of a seccomp profile into a program for the kernel.
@FunctionalInterface
public interface SeccompFilters {
    /// @param capabilities names in the bounding set, on which rules of a profile may depend
    /// @return `struct sock_filter[]`; empty for unconfined
    /// @throws io.carpel.runtime.error.InvalidArgumentException when a local profile is absent or
    ///   malformed
    Bytes compile(ProfileSpec profile, Set<String> capabilities);
}
