package io.carpel.agent.translate;

import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.RlimitSpec;
import java.util.List;
import java.util.Optional;

/// What a runtime handler decides for the pods that ask for it, where they do not themselves.
///
/// @param name empty for the default one
/// @param remap gives every pod a user namespace
/// @param mapVolumes volumes of such a pod show their owners unchanged
/// @param capabilities what additions and removals start from; empty is the runtime's own list
/// @param seccomp of containers that name no profile
/// @param apparmor of containers that name none, or the runtime's default one
/// @param noNewPrivileges for every container
/// @param rlimits of every process
/// @param shmSize bytes; empty is the runtime's own
/// @param cgroupParent of pods that name none; empty is the runtime's own
public record Handler(
        String name,
        Optional<RemapSpec> remap,
        boolean mapVolumes,
        Optional<List<String>> capabilities,
        ProfileSpec seccomp,
        ProfileSpec apparmor,
        boolean noNewPrivileges,
        List<RlimitSpec> rlimits,
        Optional<Long> shmSize,
        String cgroupParent) {
    public Handler {
        capabilities = capabilities.map(List::copyOf);
        rlimits = List.copyOf(rlimits);
    }

    /// One that decides nothing.
    ///
    /// @param seccomp of containers that name no profile
    public static Handler plain(String name, ProfileSpec seccomp) {
        return new Handler(
                name,
                Optional.empty(),
                false,
                Optional.empty(),
                seccomp,
                ProfileSpec.runtimeDefault(),
                false,
                List.of(),
                Optional.empty(),
                "");
    }
}
