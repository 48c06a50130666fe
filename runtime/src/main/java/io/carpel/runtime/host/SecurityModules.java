package io.carpel.runtime.host;

import io.carpel.runtime.host.Finding.Level;
import io.carpel.runtime.security.ContainerContexts;
import io.carpel.runtime.security.SelinuxContext;
import io.carpel.runtime.security.SelinuxPolicy;
import java.util.List;
import java.util.Optional;

/// What is to be told of the security modules of a host.
final class SecurityModules {
    private static final String SUBJECT = "security modules";

    private SecurityModules() {}

    /// @param parser whether profiles of AppArmor can be loaded
    static Finding finding(boolean apparmor, boolean parser, SelinuxPolicy selinux) {
        if (apparmor) {
            return parser
                    ? new Finding(Level.GOOD, SUBJECT, "AppArmor is active", "")
                    : new Finding(
                            Level.DEGRADED,
                            SUBJECT,
                            "AppArmor is active, but apparmor_parser is not installed: containers"
                                    + " run without the default profile",
                            "install the package apparmor");
        }
        if (selinux.enabled()) {
            return selinux(selinux);
        }
        return new Finding(
                Level.GOOD,
                SUBJECT,
                "neither AppArmor nor SELinux is active: requests for their profiles are refused,"
                        + " their defaults ignored",
                "");
    }

    private static Finding selinux(SelinuxPolicy policy) {
        String mode = policy.enforcing() ? "SELinux is active" : "SELinux is permissive";
        ContainerContexts contexts = policy.contexts();
        Optional<SelinuxContext> unknown =
                List.of(contexts.process(), contexts.file()).stream()
                        .map(context -> policy.hasLevels() ? context : context.withoutLevel())
                        .filter(context -> !policy.knows(context))
                        .findFirst();
        if (unknown.isPresent()) {
            return new Finding(
                    Level.DEGRADED,
                    SUBJECT,
                    "%s, but its policy does not know %s: containers run without labels of their own"
                            .formatted(mode, unknown.get()),
                    "load a policy for containers, such as that of the package container-selinux");
        }
        return new Finding(
                Level.GOOD,
                SUBJECT,
                "%s: containers become %s, their files %s"
                        .formatted(mode, contexts.process().type(), contexts.file().type()),
                "");
    }
}
