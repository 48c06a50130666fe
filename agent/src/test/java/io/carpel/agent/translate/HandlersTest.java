package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.IDMapping;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.Mount;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.SecurityProfile;
import io.carpel.cri.UserNamespace;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.RlimitSpec;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class HandlersTest {
    private static final ProfileSpec PROFILE =
            new ProfileSpec(ProfileSpec.Kind.LOCALHOST, "/etc/strict.json");
    private static final ProfileSpec APPARMOR =
            new ProfileSpec(ProfileSpec.Kind.LOCALHOST, "strict");
    private static final RemapSpec REMAP = new RemapSpec("carpel", 65_536);
    private static final UserNamespaceSpec CHOSEN =
            new UserNamespaceSpec(
                    List.of(new IdMapping(0, 100_000, 65_536)),
                    List.of(new IdMapping(0, 200_000, 65_536)));

    private static Handler remapping(boolean mapVolumes) {
        return new Handler(
                "remap",
                Optional.of(REMAP),
                mapVolumes,
                Optional.empty(),
                ProfileSpec.unconfined(),
                ProfileSpec.runtimeDefault(),
                false,
                List.of(),
                Optional.empty(),
                "");
    }

    private static final Handler STRICT =
            new Handler(
                    "strict",
                    Optional.empty(),
                    true,
                    Optional.of(List.of("CHOWN")),
                    PROFILE,
                    APPARMOR,
                    true,
                    List.of(new RlimitSpec("RLIMIT_NOFILE", 10, 20)),
                    Optional.of(1L << 20),
                    "/strict");

    private final Handlers handlers =
            new Handlers(
                    Handler.plain("", ProfileSpec.unconfined()), List.of(remapping(true), STRICT));
    private final SandboxTranslator sandboxes = new SandboxTranslator(Requests.ABLE, handlers);
    private final ContainerTranslator containers = new ContainerTranslator(Requests.ABLE, handlers);

    private SandboxSpec sandbox(PodSandboxConfig.Builder config, String handler) {
        return sandboxes.toSpec(Requests.SANDBOX_ID, config.build(), handler);
    }

    private SandboxSpec remapped(NamespaceOption.Builder options) {
        return sandbox(Requests.sandbox(options), "remap");
    }

    private ContainerSpec container(ContainerConfig.Builder config, Sandbox pod) {
        return containers.toSpec(Requests.CONTAINER_ID, config.build(), pod, Optional.empty());
    }

    private static NamespaceOption.Builder user(UserNamespace.Builder user) {
        return NamespaceOption.newBuilder().setUsernsOptions(user);
    }

    @Test
    void anUnknownOneIsNamedWhereverARequestNamesIt() {
        assertThatThrownBy(() -> sandbox(Requests.sandbox(), "nosuch"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("runtime_handler 'nosuch'");
        Sandbox pod = Requests.snapshot(sandbox(Requests.sandbox(), ""));
        ContainerConfig.Builder config =
                Requests.container()
                        .setImage(
                                ImageSpec.newBuilder()
                                        .setImage("busybox")
                                        .setRuntimeHandler("nosuch"));
        assertThatThrownBy(() -> container(config, pod))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("image.runtime_handler 'nosuch'");
        assertThat(handlers.names()).containsExactly("remap", "strict");
    }

    @Test
    void aHandlerThatIsGoneFromTheConfigurationIsNamed() {
        Sandbox pod = Requests.snapshot(sandbox(Requests.sandbox(), "strict"));
        ContainerTranslator later =
                new ContainerTranslator(Requests.ABLE, Handlers.plain(ProfileSpec.unconfined()));
        assertThatThrownBy(() ->
                        later.toSpec(
                                Requests.CONTAINER_ID,
                                Requests.container().build(),
                                pod,
                                Optional.empty()))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("strict");
    }

    @Test
    void whatItDecidesReachesPodAndContainer() {
        SandboxSpec spec = sandbox(Requests.sandbox(), "strict");
        assertThat(spec.handler()).isEqualTo("strict");
        assertThat(spec.shmSize()).contains(1L << 20);
        assertThat(spec.cgroupParent()).isEqualTo("/strict");
        assertThat(spec.remap()).isEmpty();
        ContainerSpec container = container(Requests.container(), Requests.snapshot(spec));
        assertThat(container.security().baseCapabilities()).contains(List.of("CHOWN"));
        assertThat(container.security().seccomp()).isEqualTo(PROFILE);
        assertThat(container.security().apparmor()).isEqualTo(APPARMOR);
        assertThat(container.security().noNewPrivileges()).isTrue();
        assertThat(container.rlimits()).isEqualTo(STRICT.rlimits());
    }

    @Test
    void whatARequestSaysItselfWins() {
        SandboxSpec spec =
                sandbox(
                        Requests.sandbox()
                                .setLinux(
                                        LinuxPodSandboxConfig.newBuilder()
                                                .setCgroupParent("/kubepods")),
                        "strict");
        assertThat(spec.cgroupParent()).isEqualTo("/kubepods");
        SecurityProfile.Builder unconfined =
                SecurityProfile.newBuilder().setProfileType(SecurityProfile.ProfileType.Unconfined);
        ContainerSpec container =
                container(
                        Requests.container(
                                LinuxContainerSecurityContext.newBuilder()
                                        .setSeccomp(unconfined)
                                        .setApparmor(unconfined)),
                        Requests.snapshot(spec));
        assertThat(container.security().seccomp()).isEqualTo(ProfileSpec.unconfined());
        assertThat(container.security().apparmor()).isEqualTo(ProfileSpec.unconfined());
    }

    @Test
    void theRuntimesAppArmorProfileIsTheHandlers() {
        ContainerSpec container =
                container(
                        Requests.container(
                                LinuxContainerSecurityContext.newBuilder()
                                        .setApparmor(SecurityProfile.newBuilder())),
                        Requests.snapshot(sandbox(Requests.sandbox(), "strict")));
        assertThat(container.security().apparmor()).isEqualTo(APPARMOR);
    }

    @Test
    void podsAreRemappedUnlessTheyBringMapsOrOptOut() {
        NamespaceOption.Builder own = NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER);
        assertThat(remapped(own).remap()).contains(REMAP);
        assertThat(remapped(user(UserNamespace.newBuilder())).remap()).contains(REMAP);
        assertThat(remapped(user(UserNamespace.newBuilder().setMode(NamespaceMode.NODE))).remap())
                .isEmpty();
        IDMapping.Builder map = IDMapping.newBuilder().setHostId(500_000).setLength(65_536);
        SandboxSpec explicit = remapped(user(UserNamespace.newBuilder().addUids(map).addGids(map)));
        assertThat(explicit.remap()).isEmpty();
        assertThat(explicit.namespaces().user().orElseThrow().hostRootUid()).isEqualTo(500_000);
        assertThat(sandbox(Requests.sandbox(own), "").remap()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = NamespaceMode.class,
            names = {"POD", "CONTAINER"})
    void pidOfTheNodeDoesNotGoWithIt(NamespaceMode fine) {
        assertThatThrownBy(() -> remapped(NamespaceOption.newBuilder().setPid(NamespaceMode.NODE)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("pid NODE does not go with the user namespace")
                .hasMessageContaining("opts out");
        assertThat(remapped(NamespaceOption.newBuilder().setPid(fine)).remap()).isPresent();
        NamespaceOption.Builder out =
                user(UserNamespace.newBuilder().setMode(NamespaceMode.NODE))
                        .setPid(NamespaceMode.NODE);
        assertThat(remapped(out).remap()).isEmpty();
    }

    @Test
    void theNodesNetworkDoesNotGoWithItWhereTheHostCannot() {
        HostAbilities usual = new HostAbilities(true, false, true, true, true);
        SandboxTranslator translator = new SandboxTranslator(usual, handlers);
        PodSandboxConfig config =
                Requests.sandbox(NamespaceOption.newBuilder().setNetwork(NamespaceMode.NODE))
                        .build();
        assertThatThrownBy(() -> translator.toSpec(Requests.SANDBOX_ID, config, "remap"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("network NODE");
    }

    @Test
    void aHostWithoutUserNamespacesSaysSo() {
        SandboxTranslator unable = new SandboxTranslator(Requests.UNABLE, handlers);
        PodSandboxConfig config = Requests.sandbox().build();
        assertThatThrownBy(() -> unable.toSpec(Requests.SANDBOX_ID, config, "remap"))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("remap");
        assertThat(unable.toSpec(Requests.SANDBOX_ID, config, "").remap()).isEmpty();
    }

    @Test
    void volumesOfARemappedPodShowTheirOwners() {
        Sandbox pod = Requests.snapshot(remapped(NamespaceOption.newBuilder()).with(CHOSEN));
        ContainerConfig.Builder config =
                Requests.container()
                        .addMounts(Mount.newBuilder().setHostPath("/a").setContainerPath("/a"))
                        .addMounts(
                                Mount.newBuilder()
                                        .setImage(ImageSpec.newBuilder().setImage("data"))
                                        .setReadonly(true)
                                        .setContainerPath("/image"));
        ContainerSpec spec = container(config, pod);
        assertThat(spec.mounts().get(0).uidMappings()).isEqualTo(CHOSEN.uids());
        assertThat(spec.mounts().get(0).gidMappings()).isEqualTo(CHOSEN.gids());
        assertThat(spec.mounts().get(1).uidMappings()).isEmpty();
        ContainerTranslator asDocker =
                new ContainerTranslator(
                        Requests.ABLE,
                        new Handlers(
                                Handler.plain("", ProfileSpec.unconfined()),
                                List.of(remapping(false))));
        assertThat(
                        asDocker.toSpec(
                                        Requests.CONTAINER_ID,
                                        config.build(),
                                        pod,
                                        Optional.empty())
                                .mounts()
                                .getFirst()
                                .uidMappings())
                .isEmpty();
    }

    @Test
    void theStatusShowsWhichIdsWereChosen() {
        Sandbox pod = Requests.snapshot(remapped(NamespaceOption.newBuilder()).with(CHOSEN));
        UserNamespace shown =
                SandboxStatusTranslator.status(pod)
                        .getLinux()
                        .getNamespaces()
                        .getOptions()
                        .getUsernsOptions();
        assertThat(shown.getMode()).isEqualTo(NamespaceMode.POD);
        assertThat(shown.getUids(0).getHostId()).isEqualTo(100_000);
        assertThat(shown.getGids(0).getHostId()).isEqualTo(200_000);
        assertThat(shown.getGids(0).getLength()).isEqualTo(65_536);
    }

    @Test
    void aContainerMayNameTheUserNamespaceWithoutKnowingItsIds() {
        Sandbox pod = Requests.snapshot(remapped(NamespaceOption.newBuilder()).with(CHOSEN));
        assertThat(container(Requests.container(user(UserNamespace.newBuilder())), pod).sandboxId())
                .isEqualTo(pod.id());
        assertThatThrownBy(() ->
                        container(
                                Requests.container(
                                        user(
                                                UserNamespace.newBuilder()
                                                        .setMode(NamespaceMode.NODE))),
                                pod))
                .isInstanceOf(InvalidArgumentException.class);
    }
}
