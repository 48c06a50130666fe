package io.carpel.agent.translate;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerMetadata;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.LinuxContainerConfig;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.LinuxSandboxSecurityContext;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.container.ContainerUser;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxState;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SandboxSpec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Small valid requests and snapshots, to be changed by each test in the one place it is about.
public final class Requests {
    public static final HostAbilities ABLE = new HostAbilities(true, true, true, true, true);
    public static final HostAbilities UNABLE = new HostAbilities(false, false, false, false, false);
    public static final String SANDBOX_ID = "5".repeat(64);
    public static final String CONTAINER_ID = "c".repeat(64);
    public static final Instant CREATED = Instant.parse("2026-01-02T03:04:05.000000006Z");

    private static final Handlers HANDLERS = Handlers.plain(ProfileSpec.unconfined(), "carpel");

    private Requests() {}

    public static PodSandboxConfig.Builder sandbox() {
        return PodSandboxConfig.newBuilder()
                .setMetadata(
                        PodSandboxMetadata.newBuilder()
                                .setName("web")
                                .setNamespace("default")
                                .setUid("u-1")
                                .setAttempt(2));
    }

    public static PodSandboxConfig.Builder sandbox(LinuxSandboxSecurityContext.Builder security) {
        return sandbox().setLinux(LinuxPodSandboxConfig.newBuilder().setSecurityContext(security));
    }

    public static PodSandboxConfig.Builder sandbox(NamespaceOption.Builder options) {
        return sandbox(LinuxSandboxSecurityContext.newBuilder().setNamespaceOptions(options));
    }

    public static ContainerConfig.Builder container() {
        return ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder().setName("app"))
                .setImage(ImageSpec.newBuilder().setImage("busybox"));
    }

    public static ContainerConfig.Builder container(
            LinuxContainerSecurityContext.Builder security) {
        return container().setLinux(LinuxContainerConfig.newBuilder().setSecurityContext(security));
    }

    public static ContainerConfig.Builder container(NamespaceOption.Builder options) {
        return container(LinuxContainerSecurityContext.newBuilder().setNamespaceOptions(options));
    }

    public static SandboxTranslator sandboxes() {
        return new SandboxTranslator(ABLE, HANDLERS);
    }

    public static ContainerTranslator containers() {
        return new ContainerTranslator(ABLE, HANDLERS);
    }

    public static Sandbox snapshot(PodSandboxConfig.Builder config) {
        return snapshot(sandboxes().toSpec(SANDBOX_ID, config.build(), ""));
    }

    public static Sandbox snapshot(SandboxSpec spec) {
        return new Sandbox(
                spec.id(),
                spec,
                new SandboxState.Ready(CREATED),
                CREATED,
                spec.namespaces().hostNetwork() ? List.of() : List.of("10.88.0.2", "fd00::2"),
                PinnedNamespaces.none(),
                Optional.empty(),
                Optional.empty(),
                "/carpel",
                Optional.empty());
    }

    public static ContainerSpec spec(ContainerConfig.Builder config, Sandbox sandbox) {
        return containers().toSpec(CONTAINER_ID, config.build(), sandbox, Optional.empty());
    }

    public static Container snapshot(ContainerSpec spec, ContainerState state) {
        return new Container(
                spec.id(),
                spec,
                state,
                CREATED,
                "sha256:" + "1".repeat(64),
                "docker.io/library/busybox@sha256:" + "2".repeat(64),
                "docker.io/library/busybox:latest",
                new ContainerUser(1000, 100, List.of(100L, 2000L)),
                15,
                List.of("/bin/sleep", "60"),
                spec.resources(),
                "/carpel/" + spec.id(),
                List.of());
    }

    public static Container running(ContainerConfig.Builder config, PodSandboxConfig.Builder pod) {
        return snapshot(
                spec(config, snapshot(pod)),
                new ContainerState.Running(4242, CREATED.plusSeconds(1)));
    }
}
