package io.carpel.runtime.spec;

import com.fasterxml.jackson.annotation.JsonIgnore;

/// SELinux label parts; empty parts are filled in by the runtime.
public record SelinuxSpec(String user, String role, String type, String level) {
    /// Nothing is asked for.
    public static SelinuxSpec none() {
        return new SelinuxSpec("", "", "", "");
    }

    /// The same with another level.
    public SelinuxSpec with(String otherLevel) {
        return new SelinuxSpec(user, role, type, otherLevel);
    }

    @JsonIgnore
    public boolean isEmpty() {
        return user.isEmpty() && role.isEmpty() && type.isEmpty() && level.isEmpty();
    }
}
