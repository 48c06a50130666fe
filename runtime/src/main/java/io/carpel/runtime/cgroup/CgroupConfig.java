package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;

/// @param driver who makes the groups
/// @param defaultParent absolute path of the parent for containers that name none, `/carpel`
/// @param prefix begins the names of systemd's scopes, `carpel`
/// @param ownParent whether the default parent can only be ours, so that it goes on close even when
///   an earlier process made it
public record CgroupConfig(
        CgroupDriver driver, String defaultParent, String prefix, boolean ownParent) {
    /// With a default parent that somebody else may have made.
    public CgroupConfig(CgroupDriver driver, String defaultParent) {
        this(driver, defaultParent, "carpel", false);
    }

    public CgroupConfig {
        if (!defaultParent.startsWith("/")) {
            throw new InvalidArgumentException(
                    "default cgroup parent %s is not absolute".formatted(defaultParent));
        }
    }
}
