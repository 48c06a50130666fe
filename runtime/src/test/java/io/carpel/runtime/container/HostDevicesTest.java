package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.cgroup.DeviceRules;
import io.carpel.runtime.cgroup.DeviceRules.Rule;
import io.carpel.runtime.container.HostDevices.Found;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.launch.ContainerLaunch.Device;
import io.carpel.runtime.launch.Credentials;
import io.carpel.runtime.security.CapabilitySets;
import io.carpel.runtime.spec.DeviceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Against the nodes that every host's `/dev` has.
final class HostDevicesTest {
    @TempDir Path directory;

    private static final Credentials ROOT = as(0, 0);

    private final HostDevices devices = new HostDevices(Path.of("/dev"));

    private static Credentials as(long uid, long gid) {
        return new Credentials(uid, gid, List.of(), new CapabilitySets(0, 0, 0, 0, 0));
    }

    private Found find(DeviceSpec... specs) throws IOException {
        return devices.find(List.of(specs), false, ROOT);
    }

    private static List<Rule> added(Found found) {
        List<Rule> rules = found.rules().rules();
        return rules.subList(DeviceRules.defaults().rules().size(), rules.size());
    }

    @Test
    void aDeviceIsAllowedByItsNumbers() throws IOException {
        Found found = find(new DeviceSpec("/dev/full", "/dev/other", "r"));
        assertThat(found.nodes())
                .containsExactly(Device.likeHost(Path.of("/dev/full"), "/dev/other"));
        assertThat(added(found))
                .containsExactly(new Rule(DeviceRules.Type.CHARACTER, 1, 7, "r", true));
    }

    @Test
    void noPermissionsAreAllThree() throws IOException {
        assertThat(added(find(new DeviceSpec("/dev/zero", "/dev/zero", ""))))
                .containsExactly(new Rule(DeviceRules.Type.CHARACTER, 1, 5, "rwm", true));
    }

    @Test
    void aLinkIsFollowedOnTheHost() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/dev/null"));
        assertThat(find(new DeviceSpec(link.toString(), "/dev/x", "rw")).nodes())
                .containsExactly(Device.likeHost(Path.of("/dev/null"), "/dev/x"));
    }

    @Test
    void aDirectoryStandsForTheDevicesBelowIt() throws IOException {
        // As if /dev were any directory: nothing of it is left out.
        Found found =
                new HostDevices(Path.of("/elsewhere"))
                        .find(List.of(new DeviceSpec("/dev", "/dev/host", "rw")), false, ROOT);
        assertThat(found.nodes())
                .contains(Device.likeHost(Path.of("/dev/full"), "/dev/host/full"))
                .allMatch(device -> device.containerPath().startsWith("/dev/host/"));
        assertThat(added(found))
                .contains(new Rule(DeviceRules.Type.CHARACTER, 1, 7, "rw", true))
                .hasSameSizeAs(found.nodes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/no/such/device", "/dev/no-such-device", "/dev/null/below"})
    void whatIsMissingIsNamed(String path) {
        assertThatThrownBy(() -> find(new DeviceSpec(path, "/dev/x", "rwm")))
                .isInstanceOfAny(NotFoundException.class, IOException.class)
                .hasMessageContaining(path);
    }

    @Test
    void aFileIsNoDeviceAndAnEmptyDirectoryHasNone() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        for (Path path : List.of(file, Files.createDirectory(directory.resolve("empty")))) {
            assertThatThrownBy(() -> find(new DeviceSpec(path.toString(), "/dev/x", "rwm")))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("neither a device nor a directory with devices");
        }
    }

    @Test
    void pathsAreAbsoluteAndPermissionsAreKnown() {
        assertThatThrownBy(() -> find(new DeviceSpec("dev/null", "/dev/x", "rwm")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("absolute");
        assertThatThrownBy(() -> find(new DeviceSpec("/dev/null", "x", "rwm")))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> find(new DeviceSpec("/dev/null", "/dev/x", "rwx")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'rwx'");
    }

    @Test
    void aPrivilegedContainerHasTheHostsDevicesButForItsOwnDirectories() throws IOException {
        Found found = devices.find(List.of(), true, ROOT);
        assertThat(found.rules()).isEqualTo(DeviceRules.allowAll());
        assertThat(found.nodes())
                .noneMatch(device -> device.containerPath().startsWith("/dev/pts/"))
                .noneMatch(device -> device.containerPath().equals("/dev/null"));
    }

    @Test
    void ofTwoForTheSamePlaceTheLaterOneCounts() throws IOException {
        DeviceSpec first = new DeviceSpec("/dev/zero", "/dev/x", "r");
        DeviceSpec later = new DeviceSpec("/dev/full", "/dev//x", "w");
        Found found = find(first, later);
        assertThat(found.nodes()).containsExactly(Device.likeHost(Path.of("/dev/full"), "/dev//x"));
        assertThat(added(found)).hasSize(2);
        // What a privileged container has anyway may be asked for, too.
        List<Device> all = devices.find(List.of(), true, ROOT).nodes();
        Device some = all.getFirst();
        DeviceSpec again = new DeviceSpec(some.hostPath().toString(), some.containerPath(), "rwm");
        assertThat(devices.find(List.of(again), true, ROOT).nodes()).isEqualTo(all);
    }

    private static DeviceSpec described(String permissions, Optional<Long> uid) {
        return new DeviceSpec(
                "/dev/full",
                "/dev/x",
                permissions,
                Optional.of(
                        new DeviceSpec.Node(
                                "c",
                                Optional.of(1L),
                                Optional.of(7L),
                                Optional.empty(),
                                uid,
                                Optional.empty())));
    }

    @Test
    void aDescribedNodeIsTheProcesssUnlessItIsSaidWhose() throws IOException {
        Path full = Path.of("/dev/full");
        List<DeviceSpec> wanted = List.of(described("rw", Optional.empty()));
        assertThat(devices.find(wanted, false, as(5, 6)).nodes())
                .containsExactly(new Device(full, "/dev/x", Device.HOSTS, 5, 6));
        assertThat(devices.find(wanted, false, ROOT).nodes())
                .containsExactly(Device.likeHost(full, "/dev/x"));
        assertThat(devices.find(List.of(described("rw", Optional.of(0L))), false, as(5, 6)).nodes())
                .containsExactly(new Device(full, "/dev/x", Device.HOSTS, 0, 6));
    }

    @Test
    void aDescriptionMayWantTheNodeWithoutLeaveToUseIt() throws IOException {
        Found found = find(described("none", Optional.empty()));
        assertThat(found.nodes()).hasSize(1);
        assertThat(added(found)).isEmpty();
        assertThatThrownBy(() -> find(new DeviceSpec("/dev/full", "/dev/x", "none")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'none'");
    }
}
