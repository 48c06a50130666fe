package io.carpel.runtime.security;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.SelinuxSpec;
import java.util.Optional;
import java.util.regex.Pattern;

/// An SELinux label: `user:role:type:level`.
///
/// @param level empty where the policy has none
public record SelinuxContext(String user, String role, String type, String level) {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_.$-]{1,128}");
    private static final int PARTS = 4;

    /// Empty when it is none.
    static Optional<SelinuxContext> parse(String text) {
        String[] parts = text.split(":", PARTS);
        if (parts.length < PARTS - 1) {
            return Optional.empty();
        }
        String level = parts.length < PARTS ? "" : parts[PARTS - 1];
        if (!isPart(parts[0]) || !isPart(parts[1]) || !isPart(parts[2])) {
            return Optional.empty();
        }
        try {
            if (parts.length == PARTS) {
                SelinuxLevel _ = SelinuxLevel.parse(level);
            }
        } catch (InvalidArgumentException _) {
            return Optional.empty();
        }
        return Optional.of(new SelinuxContext(parts[0], parts[1], parts[2], level));
    }

    /// Whether a user, a role or a type may look so.
    static boolean isPart(String text) {
        return PART.matcher(text).matches();
    }

    /// The same with what is given in `parts`, the level excepted.
    SelinuxContext with(SelinuxSpec parts) {
        return new SelinuxContext(
                orElse(parts.user(), user),
                orElse(parts.role(), role),
                orElse(parts.type(), type),
                level);
    }

    SelinuxContext withType(String other) {
        return new SelinuxContext(user, role, other, level);
    }

    SelinuxContext withUser(String other) {
        return new SelinuxContext(orElse(other, user), role, type, level);
    }

    SelinuxContext withLevel(String other) {
        return new SelinuxContext(user, role, type, other);
    }

    /// The same for a policy without levels.
    public SelinuxContext withoutLevel() {
        return withLevel("");
    }

    private static String orElse(String part, String instead) {
        return part.isEmpty() ? instead : part;
    }

    /// As the kernel takes it.
    @Override
    public String toString() {
        return String.join(":", user, role, type) + (level.isEmpty() ? "" : ":" + level);
    }
}
