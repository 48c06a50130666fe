package io.carpel.runtime.spec;

import java.util.List;
import java.util.Optional;

/// Who runs a process, as asked for; names are looked up in the image's own passwd and group files.
///
/// @param uid numeric user; wins over `name` and the image's user
/// @param name user by name; must exist in the image
/// @param gid primary group; only together with a user
/// @param supplementaryGroups added to what the policy gives
/// @param strictGroups when true the image's group file adds nothing
public record UserSpec(
        Optional<Long> uid,
        Optional<String> name,
        Optional<Long> gid,
        List<Long> supplementaryGroups,
        boolean strictGroups) {
    public UserSpec {
        supplementaryGroups = List.copyOf(supplementaryGroups);
    }

    /// Nothing asked for: the image decides.
    public static UserSpec imageDefault() {
        return new UserSpec(Optional.empty(), Optional.empty(), Optional.empty(), List.of(), false);
    }
}
