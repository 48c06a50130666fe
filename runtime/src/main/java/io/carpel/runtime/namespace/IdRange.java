package io.carpel.runtime.namespace;

import io.carpel.runtime.error.InvalidArgumentException;

/// Ids that a user was given by subuid(5) or subgid(5).
///
/// @param start first id on the host
/// @param count how many follow each other
public record IdRange(long start, long count) {
    private static final long LIMIT = 0xffff_ffffL;

    public IdRange {
        if (start < 0 || count < 1 || start + count > LIMIT) {
            throw new InvalidArgumentException(
                    "id range %d:%d leaves the range of ids".formatted(start, count));
        }
    }

    boolean overlaps(IdRange other) {
        return start < other.start + other.count && other.start < start + count;
    }
}
