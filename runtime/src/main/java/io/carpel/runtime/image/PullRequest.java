package io.carpel.runtime.image;

import java.util.Optional;

/// One pull.
///
/// @param ref in any form a reference may have, but an id
public record PullRequest(
        String ref,
        Optional<RegistryCredentials> credentials,
        PullProgress progress,
        Cancellation cancellation) {
    public static PullRequest of(String ref) {
        return new PullRequest(ref, Optional.empty(), PullProgress.NONE, new Cancellation());
    }
}
