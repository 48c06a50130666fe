package io.carpel.runtime.seccomp;

import java.util.List;

/// Which system calls a process may make.
///
/// @param defaultAction for calls without a rule, with the errno packed in
/// @param architectures libseccomp's names of those the filter knows beside the host's own
/// @param rules in the profile's order
public record SeccompProfile(
        int defaultAction, List<String> architectures, List<SeccompRule> rules) {
    public SeccompProfile {
        architectures = List.copyOf(architectures);
        rules = List.copyOf(rules);
    }

    /// What containers get that ask for the runtime's own choice.
    public static SeccompProfile runtimeDefault() {
        return DefaultProfile.INSTANCE;
    }

    /// Reads the JSON of docker and containers-common.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException naming the field that is wrong
    public static SeccompProfile parse(byte[] json) {
        return new ProfileReader(json).read();
    }
}
