package io.carpel.runtime.work;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.store.FullDisk;
import java.util.Locale;

/// What work is done on.
///
/// @param sandboxId the sandbox it belongs to or is; empty when it belongs to none
/// @param id of the object, or an image's reference
public record Subject(Kind kind, String sandboxId, String id) {
    /// Kinds of objects.
    public enum Kind {
        SANDBOX,
        CONTAINER,
        IMAGE
    }

    public static Subject sandbox(String id) {
        return new Subject(Kind.SANDBOX, id, id);
    }

    public static Subject container(String sandboxId, String id) {
        return new Subject(Kind.CONTAINER, sandboxId, id);
    }

    public static Subject image(String reference) {
        return new Subject(Kind.IMAGE, "", reference);
    }

    /// What the failure of a step on it is told as: `sandbox 12ab: could not write its record: …`.
    ///
    /// @param step as the board names it
    public ContainerRuntimeException failed(String step, Exception why) {
        return FullDisk.failure(
                "%s %s: could not %s: %s"
                        .formatted(
                                kind.name().toLowerCase(Locale.ROOT), id, step, why.getMessage()),
                why);
    }
}
