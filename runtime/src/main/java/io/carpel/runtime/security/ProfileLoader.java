package io.carpel.runtime.security;

import java.io.IOException;

/// Puts an AppArmor profile into the kernel.
@FunctionalInterface
public interface ProfileLoader {
    /// @param text the profile in AppArmor's language (apparmor.d(5))
    /// @throws IOException saying why it could not be loaded
    void load(String text) throws IOException;
}
