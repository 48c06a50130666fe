package io.carpel.runtime.image;

import java.util.List;

/// Who a process will be.
///
/// @param groups every supplementary group, the primary one included, sorted, without doubles
/// @param home from the image's passwd file, or `/`
public record ResolvedUser(long uid, long gid, List<Long> groups, String home) {
    public ResolvedUser {
        groups = List.copyOf(groups);
    }
}
