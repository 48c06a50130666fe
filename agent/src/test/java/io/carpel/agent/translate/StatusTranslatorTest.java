package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerStatus;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.Mount;
import io.carpel.cri.MountPropagation;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxState;
import io.carpel.cri.PodSandboxStatus;
import io.carpel.cri.Signal;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxState;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class StatusTranslatorTest {
    private static final long CREATED_NANOS = 1_767_323_045_000_000_006L;

    private static final ContainerConfig.Builder CONFIG =
            Requests.container()
                    .setLogPath("app.log")
                    .putLabels("io.kubernetes.container.name", "app ü")
                    .putAnnotations("hash", "\"x\"\n");

    private static Container container(ContainerState state) {
        Sandbox pod = Requests.snapshot(Requests.sandbox().setLogDirectory("/logs"));
        return Requests.snapshot(Requests.spec(CONFIG, pod), state);
    }

    private static ContainerStatus status(ContainerState state) {
        return ContainerStatusTranslator.status(container(state));
    }

    @Test
    void aSandboxShowsWhatItWasAskedToBe() {
        NamespaceOption.Builder options =
                NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER);
        PodSandboxConfig.Builder config =
                Requests.sandbox(options).putLabels("a", "b").putAnnotations("c", "d e\tf");
        PodSandboxStatus status = SandboxStatusTranslator.status(Requests.snapshot(config));
        assertThat(status.getId()).isEqualTo(Requests.SANDBOX_ID);
        assertThat(status.getMetadata()).isEqualTo(config.getMetadata());
        assertThat(status.getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
        assertThat(status.getCreatedAt()).isEqualTo(CREATED_NANOS);
        assertThat(status.getLinux().getNamespaces().getOptions()).isEqualTo(options.build());
        assertThat(status.getNetwork().getIp()).isEqualTo("10.88.0.2");
        assertThat(status.getNetwork().getAdditionalIpsList())
                .singleElement()
                .extracting("ip")
                .isEqualTo("fd00::2");
        assertThat(status.getLabelsMap()).isEqualTo(config.getLabelsMap());
        assertThat(status.getAnnotationsMap()).isEqualTo(config.getAnnotationsMap());
    }

    @Test
    void theHostsNetworkHasNoAddressOfThePod() {
        Sandbox sandbox =
                Requests.snapshot(
                        Requests.sandbox(
                                NamespaceOption.newBuilder().setNetwork(NamespaceMode.NODE)));
        assertThat(SandboxStatusTranslator.status(sandbox).getNetwork().getIp()).isEmpty();
    }

    @Test
    void aStoppedSandboxIsNotReady() {
        Sandbox ready = Requests.snapshot(Requests.sandbox());
        Sandbox stopped =
                new Sandbox(
                        ready.id(),
                        ready.spec(),
                        new SandboxState.NotReady(Requests.CREATED, "stopped"),
                        ready.createdAt(),
                        List.of(),
                        ready.pins(),
                        Optional.empty(),
                        Optional.empty(),
                        ready.cgroupParent(),
                        Optional.empty());
        assertThat(SandboxStatusTranslator.item(stopped).getState())
                .isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
    }

    @Test
    void aCreatedContainerHasNoTimes() {
        ContainerStatus status = status(new ContainerState.Created(7));
        assertThat(status.getState()).isEqualTo(io.carpel.cri.ContainerState.CONTAINER_CREATED);
        assertThat(status.getCreatedAt()).isEqualTo(CREATED_NANOS);
        assertThat(status.getStartedAt()).isZero();
        assertThat(status.getFinishedAt()).isZero();
        assertThat(status.getLogPath()).isEqualTo("/logs/app.log");
        assertThat(status.getLabelsMap()).isEqualTo(CONFIG.getLabelsMap());
        assertThat(status.getAnnotationsMap()).isEqualTo(CONFIG.getAnnotationsMap());
        assertThat(status.getStopSignal()).isEqualTo(Signal.SIGNAL_SIGTERM);
        assertThat(status.getUser().getLinux().getUid()).isEqualTo(1000);
        assertThat(status.getUser().getLinux().getSupplementalGroupsList())
                .containsExactly(100L, 2000L);
    }

    @Test
    void aRunningContainerHasNoEnd() {
        ContainerStatus status =
                status(new ContainerState.Running(7, Requests.CREATED.plusNanos(5)));
        assertThat(status.getStartedAt()).isEqualTo(CREATED_NANOS + 5);
        assertThat(status.getFinishedAt()).isZero();
        assertThat(status.getReason()).isEmpty();
    }

    @Test
    void anEndIsTold() {
        ContainerStatus status =
                status(
                        new ContainerState.Exited(
                                137,
                                "OOMKilled",
                                "no memory",
                                Optional.of(Requests.CREATED.plusNanos(5)),
                                Requests.CREATED.plusNanos(9)));
        assertThat(status.getState()).isEqualTo(io.carpel.cri.ContainerState.CONTAINER_EXITED);
        assertThat(status.getExitCode()).isEqualTo(137);
        assertThat(status.getReason()).isEqualTo("OOMKilled");
        assertThat(status.getMessage()).isEqualTo("no memory");
        assertThat(status.getStartedAt()).isEqualTo(CREATED_NANOS + 5);
        assertThat(status.getFinishedAt()).isEqualTo(CREATED_NANOS + 9);
    }

    @Test
    void anEndIsNeverBeforeTheStart() {
        ContainerStatus status =
                status(
                        new ContainerState.Exited(
                                0,
                                "Completed",
                                "",
                                Optional.of(Requests.CREATED.plusSeconds(5)),
                                Requests.CREATED));
        assertThat(status.getStartedAt()).isLessThanOrEqualTo(status.getFinishedAt());
    }

    @Test
    void anUnknownEndIsNoSuccess() {
        ContainerStatus status = status(new ContainerState.Unknown("the record is gone"));
        assertThat(status.getState()).isEqualTo(io.carpel.cri.ContainerState.CONTAINER_UNKNOWN);
        assertThat(status.getExitCode()).isEqualTo(255);
        assertThat(status.getMessage()).isEqualTo("the record is gone");
    }

    @Test
    void imagesAreNamedByTagAndId() {
        ContainerStatus status = status(new ContainerState.Created(7));
        assertThat(status.getImage().getImage()).isEqualTo("docker.io/library/busybox:latest");
        assertThat(status.getImageRef()).startsWith("docker.io/library/busybox@sha256:");
        assertThat(status.getImageId()).isEqualTo("sha256:" + "1".repeat(64));
        assertThat(ContainerStatusTranslator.item(container(new ContainerState.Created(7))))
                .satisfies(item -> {
                    assertThat(item.getImageId()).isEqualTo(status.getImageId());
                    assertThat(item.getImage().getImage()).isEqualTo("busybox");
                    assertThat(item.getPodSandboxId()).isEqualTo(Requests.SANDBOX_ID);
                });
    }

    @Test
    void anImageWithoutATagHasTheAuthorsName() {
        ContainerConfig.Builder config =
                Requests.container()
                        .setImage(
                                ImageSpec.newBuilder()
                                        .setImage("sha256:" + "1".repeat(64))
                                        .setUserSpecifiedImage("registry.example/app@sha256:1"));
        Container tagged =
                Requests.snapshot(
                        Requests.spec(config, Requests.snapshot(Requests.sandbox())),
                        new ContainerState.Created(7));
        Container untagged =
                new Container(
                        tagged.id(),
                        tagged.spec(),
                        tagged.state(),
                        tagged.createdAt(),
                        tagged.imageId(),
                        tagged.imageId(),
                        "",
                        tagged.user(),
                        tagged.stopSignal(),
                        tagged.argv(),
                        tagged.resources(),
                        tagged.cgroup(),
                        List.of());
        assertThat(ContainerStatusTranslator.status(untagged).getImage().getImage())
                .isEqualTo("registry.example/app@sha256:1");
    }

    @Test
    void mountsAreShownAsAskedForWithTheImageTheyTurnedOutToBe() {
        Mount shared =
                Mount.newBuilder()
                        .setContainerPath("/deep/er/mount")
                        .setHostPath("/src")
                        .setReadonly(true)
                        .setPropagation(MountPropagation.PROPAGATION_BIDIRECTIONAL)
                        .build();
        Mount image =
                Mount.newBuilder()
                        .setContainerPath("/data")
                        .setReadonly(true)
                        .setImage(ImageSpec.newBuilder().setImage("data:1"))
                        .build();
        ContainerConfig.Builder config = Requests.container().addMounts(shared).addMounts(image);
        Container plain =
                Requests.snapshot(
                        Requests.spec(config, Requests.snapshot(Requests.sandbox())),
                        new ContainerState.Created(7));
        Container container =
                new Container(
                        plain.id(),
                        plain.spec(),
                        plain.state(),
                        plain.createdAt(),
                        plain.imageId(),
                        plain.imageRef(),
                        plain.imageTag(),
                        plain.user(),
                        plain.stopSignal(),
                        plain.argv(),
                        plain.resources(),
                        plain.cgroup(),
                        List.of("sha256:abc"));
        assertThat(ContainerStatusTranslator.status(container).getMountsList())
                .containsExactly(
                        shared,
                        image.toBuilder()
                                .setImage(
                                        ImageSpec.newBuilder()
                                                .setImage("data:1")
                                                .setImageRef("sha256:abc"))
                                .build());
    }
}
