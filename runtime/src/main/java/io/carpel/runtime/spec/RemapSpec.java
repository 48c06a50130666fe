package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;

/// The wish for a user namespace whose ids the runtime chooses: a range of a user's subordinate ids
/// (subuid(5), subgid(5)) that no other sandbox has.
///
/// @param user whose lines of `/etc/subuid` and `/etc/subgid` are cut into ranges
/// @param ids how many a sandbox gets, at least 1
public record RemapSpec(String user, long ids) {
    public RemapSpec {
        if (user.isEmpty() || ids < 1 || ids > 0xffff_ffffL) {
            throw new InvalidArgumentException(
                    "a remap of user '%s' to %d ids is not possible"
                            .formatted(Printable.of(user), ids));
        }
    }
}
