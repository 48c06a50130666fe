package io.carpel.runtime.seccomp;

import io.carpel.runtime.linux.SeccompCalls.Comparison;
import java.util.List;

/// One rule of a profile.
///
/// @param names system calls; one that nobody knows is skipped
/// @param action with the errno packed in, as libseccomp takes it
/// @param comparisons all must hold; empty means always
/// @param when the process and host the rule is for
public record SeccompRule(
        List<String> names, int action, List<Comparison> comparisons, Condition when) {
    /// Whether a rule takes part at all.
    ///
    /// @param withCapabilities all needed, with `CAP_`
    /// @param withoutCapabilities none may be there
    /// @param onArchitectures one needed, such as `amd64`; empty means any
    /// @param notOnArchitectures none may be the host's
    /// @param minKernel first kernel, such as `4.8`; empty means any
    public record Condition(
            List<String> withCapabilities,
            List<String> withoutCapabilities,
            List<String> onArchitectures,
            List<String> notOnArchitectures,
            String minKernel) {
        public Condition {
            withCapabilities = List.copyOf(withCapabilities);
            withoutCapabilities = List.copyOf(withoutCapabilities);
            onArchitectures = List.copyOf(onArchitectures);
            notOnArchitectures = List.copyOf(notOnArchitectures);
        }

        /// For everybody.
        public static Condition always() {
            return new Condition(List.of(), List.of(), List.of(), List.of(), "");
        }
    }

    public SeccompRule {
        names = List.copyOf(names);
        comparisons = List.copyOf(comparisons);
    }
}
