package io.carpel.runtime.spec;

/// Which profile of a security module applies.
///
/// @param reference the profile's file or name, for [Kind#LOCALHOST] only
public record ProfileSpec(Kind kind, String reference) {
    /// The three choices.
    public enum Kind {
        RUNTIME_DEFAULT,
        UNCONFINED,
        LOCALHOST
    }

    public static ProfileSpec unconfined() {
        return new ProfileSpec(Kind.UNCONFINED, "");
    }

    public static ProfileSpec runtimeDefault() {
        return new ProfileSpec(Kind.RUNTIME_DEFAULT, "");
    }
}
