package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;

/// @param driver who makes the groups
/// @param defaultParent absolute path of the parent for containers that name none, `/carpel`
public record CgroupConfig(CgroupDriver driver, String defaultParent) {
    public CgroupConfig {
        if (!defaultParent.startsWith("/")) {
            throw new InvalidArgumentException(
                    "default cgroup parent %s is not absolute".formatted(defaultParent));
        }
    }
}
