package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.CDIDevice;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.Device;
import io.carpel.cri.IDMapping;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.Mount;
import io.carpel.cri.MountPropagation;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.MountSpec;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class MountTranslatorTest {
    private static Mount.Builder bind() {
        return Mount.newBuilder().setHostPath("/src").setContainerPath("/dst");
    }

    private static Mount.Builder image() {
        return Mount.newBuilder()
                .setContainerPath("/dst")
                .setReadonly(true)
                .setImage(ImageSpec.newBuilder().setImage("data:1"));
    }

    private static List<MountSpec> translate(Mount.Builder... mounts) {
        ContainerConfig.Builder config = Requests.container();
        for (Mount.Builder mount : mounts) {
            config.addMounts(mount);
        }
        return MountTranslator.mounts(config.build(), Requests.ABLE);
    }

    @Test
    void parentsComeFirstAndEqualsKeepTheirOrder() {
        assertThat(
                        translate(
                                bind().setContainerPath("/a/b/c"),
                                bind().setContainerPath("/z"),
                                bind().setContainerPath("/a//b/"),
                                bind().setContainerPath("/a")))
                .extracting(MountSpec::target)
                .containsExactly("/z", "/a", "/a//b/", "/a/b/c");
    }

    @Test
    void everyFieldArrives() {
        MountSpec mount =
                translate(
                                bind().setReadonly(true)
                                        .setRecursiveReadOnly(true)
                                        .setSelinuxRelabel(true)
                                        .addMountOptions("noexec")
                                        .addUidMappings(id(1000, 0, 10))
                                        .addGidMappings(id(2000, 0, 20)))
                        .getFirst();
        assertThat(mount.readonly()).isTrue();
        assertThat(mount.recursiveReadonly()).isTrue();
        assertThat(mount.relabel()).isTrue();
        assertThat(mount.options()).containsExactly("noexec");
        assertThat(mount.uidMappings()).singleElement().extracting("hostId").isEqualTo(1000L);
        assertThat(mount.gidMappings()).singleElement().extracting("size").isEqualTo(20L);
    }

    @Test
    void anImageNeedsNoHostPath() {
        MountSpec mount = translate(image().setImageSubPath("etc")).getFirst();
        assertThat(mount.image()).contains("data:1");
        assertThat(mount.imageSubPath()).isEqualTo("etc");
    }

    private static IDMapping.Builder id(int host, int container, int length) {
        return IDMapping.newBuilder().setHostId(host).setContainerId(container).setLength(length);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of(bind().setContainerPath(""), "mounts[0].container_path is empty"),
                Arguments.of(bind().setContainerPath("dst"), "mounts[0].container_path 'dst'"),
                Arguments.of(bind().setContainerPath("/a/../b"), "mounts[0].container_path"),
                Arguments.of(bind().setContainerPath("/a\nb"), "mounts[0].container_path"),
                Arguments.of(
                        bind().setContainerPath("/" + "a".repeat(5000)),
                        "mounts[0].container_path '/aaa"),
                Arguments.of(bind().setHostPath(""), "mounts[0].host_path is empty"),
                Arguments.of(bind().setHostPath("src"), "mounts[0].host_path 'src'"),
                Arguments.of(image().setHostPath("/x"), "mounts[0].host_path '/x'"),
                Arguments.of(image().setReadonly(false), "mounts[0].readonly 'false'"),
                Arguments.of(image().setImageSubPath("/etc"), "mounts[0].image_sub_path '/etc'"),
                Arguments.of(
                        image().setImageSubPath("../etc"), "mounts[0].image_sub_path '../etc'"),
                Arguments.of(bind().setImageSubPath("etc"), "mounts[0].image_sub_path 'etc'"),
                Arguments.of(bind().setPropagationValue(9), "mounts[0].propagation '9'"),
                Arguments.of(
                        bind().setRecursiveReadOnly(true),
                        "mounts[0].recursive_read_only 'true' needs readonly"),
                Arguments.of(
                        bind().setReadonly(true)
                                .setRecursiveReadOnly(true)
                                .setPropagation(MountPropagation.PROPAGATION_HOST_TO_CONTAINER),
                        "mounts[0].recursive_read_only 'true' needs propagation"),
                Arguments.of(
                        bind().setReadonly(true)
                                .setRecursiveReadOnly(true)
                                .setPropagation(MountPropagation.PROPAGATION_BIDIRECTIONAL),
                        "mounts[0].recursive_read_only 'true' needs propagation"),
                Arguments.of(bind().addMountOptions("suid"), "mounts[0].mount_options 'suid'"),
                Arguments.of(bind().addUidMappings(id(1, 0, 1)), "mounts[0].uidMappings and"),
                Arguments.of(
                        bind().addUidMappings(id(1, 0, 0)).addGidMappings(id(1, 0, 1)),
                        "mounts[0].uidMappings: id mapping 0:1:0"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void anErrorNamesFieldAndValue(Mount.Builder mount, String message) {
        assertThatThrownBy(() -> translate(mount))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void theKubeletKnowsWhyRecursiveReadOnlyDoesNotWork() {
        ContainerConfig config =
                Requests.container()
                        .addMounts(bind().setReadonly(true).setRecursiveReadOnly(true))
                        .build();
        assertThatThrownBy(() -> MountTranslator.mounts(config, Requests.UNABLE))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageStartingWith("RROUnsupported");
    }

    @Test
    void tooManyAreRefused() {
        ContainerConfig.Builder config = Requests.container();
        for (int i = 0; i <= Bounds.MOUNTS; i++) {
            config.addMounts(bind());
        }
        assertThatThrownBy(() -> MountTranslator.mounts(config.build(), Requests.ABLE))
                .hasMessage("mounts has 4097 items, at most 4096 are accepted");
    }

    @Test
    void aDeviceIsWhereItIsOnTheHostUnlessSaidOtherwise() {
        ContainerConfig config =
                Requests.container()
                        .addDevices(Device.newBuilder().setHostPath("/dev/fuse"))
                        .addDevices(
                                Device.newBuilder()
                                        .setHostPath("/dev/null")
                                        .setContainerPath("/dev/nil")
                                        .setPermissions("rw"))
                        .build();
        assertThat(MountTranslator.devices(config))
                .containsExactly(
                        new DeviceSpec("/dev/fuse", "/dev/fuse", ""),
                        new DeviceSpec("/dev/null", "/dev/nil", "rw"));
    }

    @Test
    void wrongDevicesAreRefused() {
        assertThatThrownBy(() ->
                        MountTranslator.devices(
                                Requests.container()
                                        .addDevices(
                                                Device.newBuilder()
                                                        .setHostPath("/dev/null")
                                                        .setPermissions("rx"))
                                        .build()))
                .hasMessageStartingWith("devices[0].permissions 'rx'");
        assertThatThrownBy(() ->
                        MountTranslator.devices(
                                Requests.container().addDevices(Device.newBuilder()).build()))
                .hasMessage("devices[0].host_path is empty");
    }

    @Test
    void namedDevicesArriveAndAnnotationsNameNone() {
        assertThat(
                        MountTranslator.namedDevices(
                                Requests.container()
                                        .addCDIDevices(
                                                CDIDevice.newBuilder().setName("v.com/gpu=0"))
                                        .putAnnotations("cdi.k8s.io/gpus", "v.com/gpu=1")
                                        .build()))
                .containsExactly("v.com/gpu=0");
        assertThatThrownBy(() ->
                        MountTranslator.namedDevices(
                                Requests.container().addCDIDevices(CDIDevice.newBuilder()).build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("CDI_devices.name is empty");
    }
}
