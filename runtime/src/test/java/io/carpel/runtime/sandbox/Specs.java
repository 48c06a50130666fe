package io.carpel.runtime.sandbox;

import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ProcessSpec;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.spec.UserSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Small valid specifications, and ids.
public final class Specs {
    private Specs() {}

    /// 64 digits that begin with the number.
    public static String id(int number) {
        return "%08x".formatted(number) + "ab".repeat(28);
    }

    public static SandboxSpec sandbox(String id, NamespaceSpec namespaces, Path logDirectory) {
        return new SandboxSpec(
                id,
                "pod-" + id.substring(0, 8),
                "pod-host",
                namespaces,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                "",
                Map.of(),
                Optional.of(logDirectory),
                false,
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Bytes.utf8("payload of " + id));
    }

    public static NamespaceSpec ownNamespaces(PidMode pid) {
        return new NamespaceSpec(false, false, pid, Optional.empty());
    }

    public static ContainerSpec container(
            String id, SandboxSpec sandbox, String image, List<String> command) {
        return container(id, sandbox, image, command, security(false));
    }

    public static ContainerSpec container(
            String id,
            SandboxSpec sandbox,
            String image,
            List<String> command,
            SecuritySpec security) {
        return new ContainerSpec(
                id,
                sandbox.id(),
                "c-" + id.substring(0, 8),
                image,
                process(command),
                List.of(),
                List.of(),
                List.of(),
                ResourceLimits.none(),
                security,
                List.of(),
                sandbox.namespaces().pid(),
                Optional.empty(),
                sandbox.logDirectory().map(d -> d.resolve(id.substring(0, 8) + ".log")),
                Optional.empty(),
                Bytes.utf8("payload of " + id));
    }

    public static ProcessSpec process(List<String> command) {
        return new ProcessSpec(
                command, List.of(), List.of(), "", UserSpec.imageDefault(), false, false, false);
    }

    public static SecuritySpec security(boolean privileged) {
        return security(privileged, ProfileSpec.runtimeDefault());
    }

    public static SecuritySpec security(boolean privileged, ProfileSpec apparmor) {
        return new SecuritySpec(
                privileged,
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(),
                false,
                false,
                List.of(),
                List.of(),
                ProfileSpec.unconfined(),
                apparmor,
                SelinuxSpec.none());
    }
}
