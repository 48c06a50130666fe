package io.carpel.runtime.seccomp;

import io.carpel.runtime.error.UnsupportedException;

/// This machine's architecture in the spellings that profiles use.
final class HostArchitecture {
    private HostArchitecture() {}

    /// As in `includes.arches`.
    static String goName() {
        return switch (System.getProperty("os.arch", "")) {
            case "amd64", "x86_64" -> "amd64";
            case "aarch64" -> "arm64";
            default ->
                    throw new UnsupportedException(
                            "no seccomp on architecture " + System.getProperty("os.arch"));
        };
    }

    /// As libseccomp names it.
    static String libseccompName() {
        return goName().equals("amd64") ? "x86_64" : "aarch64";
    }
}
