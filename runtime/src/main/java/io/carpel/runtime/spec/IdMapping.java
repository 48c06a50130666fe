package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;

/// One line of `/proc/PID/uid_map` or `gid_map` (user_namespaces(7)).
///
/// @param containerId first id inside, 0…2^32−2
/// @param hostId first id outside, 0…2^32−2
/// @param size how many ids follow each other, at least 1
public record IdMapping(long containerId, long hostId, long size) {
    private static final long LIMIT = 0xffff_ffffL;

    public IdMapping {
        if (containerId < 0 || hostId < 0 || size < 1) {
            throw new InvalidArgumentException(
                    "id mapping %d:%d:%d has a negative or empty range"
                            .formatted(containerId, hostId, size));
        }
        if (containerId + size > LIMIT || hostId + size > LIMIT) {
            throw new InvalidArgumentException(
                    "id mapping %d:%d:%d leaves the range of ids"
                            .formatted(containerId, hostId, size));
        }
    }

    /// The id outside that stands for `id` inside, or −1 when this mapping does not cover it.
    public long toHost(long id) {
        return id >= containerId && id < containerId + size ? hostId + (id - containerId) : -1;
    }
}
