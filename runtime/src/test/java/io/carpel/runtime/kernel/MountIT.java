package io.carpel.runtime.kernel;

import static io.carpel.runtime.kernel.UserNamespaceIT.mounting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.image.Cancellation;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.MountSpec.Propagation;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Volumes: how mounts spread, what is read-only, whose files they show, images as volumes.
@Timeout(60)
final class MountIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itmnt");

    private static final List<IdMapping> OTHERS = List.of(new IdMapping(0, 9 * 65536L, 65536));

    private final RuntimeUnderTest under = HOST.under();
    private Path directory = Path.of("");

    /// A mount of its own, shared, so that the test does not depend on the host's root.
    @BeforeEach
    void mountShared() throws Exception {
        directory = Files.createTempDirectory(under.directory, "volume-");
        NamespaceIT.host("mount", "-t", "tmpfs", "tmpfs", directory.toString());
        NamespaceIT.host("mount", "--make-shared", directory.toString());
        Files.createDirectory(directory.resolve("sub"));
    }

    @AfterEach
    void unmount() throws Exception {
        NamespaceIT.host("umount", "-R", "-l", directory.toString());
    }

    private static NamespaceSpec plain() {
        return new NamespaceSpec(true, false, PidMode.CONTAINER, Optional.empty());
    }

    private static NamespaceSpec mapped() {
        var map = List.of(new IdMapping(0, 8 * 65536L, 65536));
        return new NamespaceSpec(
                false, false, PidMode.CONTAINER, Optional.of(new UserNamespaceSpec(map, map)));
    }

    private MountSpec volume(Propagation propagation, boolean readonly, boolean recursive) {
        return new MountSpec(
                directory.toString(),
                "/volume",
                readonly,
                recursive,
                propagation,
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                "",
                false);
    }

    private Container start(MountSpec... mounts) {
        return start(plain(), mounts);
    }

    private Container start(NamespaceSpec namespaces, MountSpec... mounts) {
        Sandbox pod = under.run(namespaces);
        return under.start(mounting(under.containerSpec(pod, "sleep", "600"), mounts));
    }

    private void mountOnHost(String name) throws Exception {
        Path at = directory.resolve("sub");
        NamespaceIT.host("mount", "-t", "tmpfs", "tmpfs", at.toString());
        Files.writeString(at.resolve(name), "host");
    }

    @Test
    void aPrivateMountSeesNothingThatIsMountedLater() throws Exception {
        Container container = start(volume(Propagation.PRIVATE, false, false));
        mountOnHost("late");
        assertThat(under.sh(container, "ls /volume/sub")).isEmpty();
    }

    @Test
    void aSlaveSeesTheHostsMountsAndKeepsItsOwn() throws Exception {
        Container container = start(volume(Propagation.HOST_TO_CONTAINER, false, false));
        mountOnHost("late");
        assertThat(under.sh(container, "ls /volume/sub")).isEqualTo("late");
        mountInside(container);
        assertThat(directory.resolve("inside")).isEmptyDirectory();
    }

    @Test
    void aSharedMountGivesAndTakes() throws Exception {
        Container container = start(volume(Propagation.BIDIRECTIONAL, false, false));
        mountOnHost("late");
        assertThat(under.sh(container, "ls /volume/sub")).isEqualTo("late");
        mountInside(container);
        assertThat(directory.resolve("inside/made")).exists();
    }

    /// By the container's mount namespace: its own processes lack the capability.
    private void mountInside(Container container) throws Exception {
        Files.createDirectory(directory.resolve("inside"));
        String pid = Integer.toString(container.pid().orElseThrow());
        NamespaceIT.host(
                "nsenter",
                "-t",
                pid,
                "-m",
                "--",
                "/bin/mount",
                "-t",
                "tmpfs",
                "tmpfs",
                "/volume/inside");
        under.sh(container, "touch /volume/inside/made");
    }

    @Test
    void propagationNeedsASourceThatPropagates() throws Exception {
        NamespaceIT.host("mount", "--make-private", directory.toString());
        assertThatThrownBy(() -> start(volume(Propagation.BIDIRECTIONAL, false, false)))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("shared mount");
        assertThatThrownBy(() -> start(volume(Propagation.HOST_TO_CONTAINER, false, false)))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("shared or slave");
    }

    @Test
    void rootOfAUserNamespaceMountsNothingOntoTheHost() {
        assertThatThrownBy(() -> start(mapped(), volume(Propagation.BIDIRECTIONAL, false, false)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("user namespace");
    }

    @Test
    void readonlyLeavesWhatIsMountedBelowAndRecursiveDoesNot() throws Exception {
        mountOnHost("below");
        Container plain = start(volume(Propagation.PRIVATE, true, false));
        assertThat(under.exec(plain, "touch /volume/x").exitCode()).isNotZero();
        under.sh(plain, "touch /volume/sub/x");
        Container recursive = start(volume(Propagation.PRIVATE, true, true));
        assertThat(under.exec(recursive, "touch /volume/sub/y").exitCode()).isNotZero();
        assertThat(directory.resolve("sub/x")).exists();
        assertThat(directory.resolve("sub/y")).doesNotExist();
    }

    @Test
    void optionsAreSetOnTheMount() throws Exception {
        Path program = Files.copy(Path.of("/bin/busybox"), directory.resolve("busybox"));
        assertThat(program.toFile().setExecutable(true)).isTrue();
        MountSpec mount =
                new MountSpec(
                        directory.toString(),
                        "/volume",
                        false,
                        false,
                        Propagation.PRIVATE,
                        List.of("noexec", "nosuid", "nodev"),
                        List.of(),
                        List.of(),
                        Optional.empty(),
                        "",
                        false);
        Container container = start(mount);
        assertThat(under.sh(container, "grep ' /volume ' /proc/self/mounts"))
                .contains("nosuid", "nodev", "noexec");
        assertThat(under.exec(container, "/volume/busybox true").exitCode()).isEqualTo(126);
    }

    private MountSpec withMaps(String target, List<IdMapping> map) throws IOException {
        // On the test's own disk: a tmpfs can be idmapped since 6.3 only.
        Path source = Files.createDirectories(under.directory.resolve("idmap" + target));
        return new MountSpec(
                source.toString(),
                target,
                false,
                false,
                Propagation.PRIVATE,
                List.of(),
                map,
                map,
                Optional.empty(),
                "",
                false);
    }

    @Test
    void aVolumeHasIdMappingsOfItsOwn() throws Exception {
        MountSpec one = withMaps("/one", OTHERS);
        MountSpec again = withMaps("/again", OTHERS);
        MountSpec two = withMaps("/two", List.of(new IdMapping(0, 1000, 10)));
        Container container = start(one, again, two);
        assertThat(under.sh(container, "stat -c %u:%g /one /again /two"))
                .isEqualTo("589824:589824\n589824:589824\n1000:1000");
        // Who is not mapped cannot write: root itself has no number in this volume.
        assertThat(under.exec(container, "touch /one/x").exitCode()).isNotZero();
        // The processes that carried the maps have ended, and their sockets are gone.
        assertThat(under.config.layout().idmapSocket(container.id(), 0)).doesNotExist();
        assertThat(under.config.layout().idmapSocket(container.id(), 1)).doesNotExist();
    }

    @Test
    void aVolumeOfAMappedPodMayHaveOtherMappings() throws Exception {
        // Ids 0…9 of the volume appear as the pod's 5…14.
        long first = 8 * 65536L;
        MountSpec other = withMaps("/other", List.of(new IdMapping(0, first + 5, 10)));
        MountSpec same = withMaps("/same", List.of(new IdMapping(0, first, 65536)));
        Container container = start(mapped(), other, same);
        assertThat(under.sh(container, "stat -c %u /other /same")).isEqualTo("5\n0");
    }

    @Test
    void mappingsThatTheKernelRefusesAreNamed() throws Exception {
        MountSpec overlapping =
                withMaps("/bad", List.of(new IdMapping(0, 1000, 10), new IdMapping(5, 5000, 10)));
        assertThatThrownBy(() -> start(overlapping))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("/bad")
                .hasMessageContaining("5 5000 10");
        assertThat(under.runtime.containers().list()).isEmpty();
    }

    private MountSpec imageVolume(String target, String subPath, String... options)
            throws Exception {
        if (under.runtime.images().find(TestImageLayout.VOLUME).isEmpty()) {
            Path layout = under.directory.resolve("volume-image");
            TestImageLayout.writeVolume(layout);
            under.runtime.archives().importFrom(layout, PullProgress.NONE, new Cancellation());
        }
        return new MountSpec(
                "",
                target,
                true,
                false,
                Propagation.PRIVATE,
                List.of(options),
                List.of(),
                List.of(),
                Optional.of(TestImageLayout.VOLUME),
                subPath,
                false);
    }

    @Test
    void anImageIsAVolumeWholeOrInPart() throws Exception {
        for (NamespaceSpec namespaces : List.of(plain(), mapped())) {
            Container container =
                    start(
                            namespaces,
                            imageVolume("/whole", ""),
                            imageVolume("/part", "data"),
                            imageVolume("/etc/one", "data/both"),
                            imageVolume("/still", "data", "noexec"));
            assertThat(under.sh(container, "cat /whole/data/lower /whole/data/both"))
                    .isEqualTo("from the lower layer\nfrom the upper layer");
            assertThat(under.sh(container, "cat /part/both; ls /part"))
                    .isEqualTo("from the upper layer\nboth\nlower\nprogram");
            assertThat(under.sh(container, "cat /etc/one; stat -c %F:%u /etc/one"))
                    .isEqualTo("from the upper layer\nregular file:0");
            assertThat(under.sh(container, "/part/program")).isEqualTo("ran");
            assertThat(under.exec(container, "/still/program").exitCode()).isEqualTo(126);
            for (String path : List.of("/whole/x", "/part/x", "/etc/one")) {
                assertThat(under.exec(container, "echo x >" + path).exitCode()).isNotZero();
            }
            assertThat(container.imageVolumes()).hasSize(4);
        }
    }

    /// In an image of two layers, and in one of one layer, which is mounted in another way.
    private List<MountSpec> inBoth(String subPath) throws Exception {
        MountSpec several = imageVolume("/x", subPath);
        MountSpec one =
                new MountSpec(
                        "",
                        "/x",
                        true,
                        false,
                        Propagation.PRIVATE,
                        List.of(),
                        List.of(),
                        List.of(),
                        Optional.of(TestImageLayout.NAME),
                        subPath,
                        false);
        return List.of(several, one);
    }

    @Test
    void aPartThatIsNotThereIsNamed() throws Exception {
        // Links are followed inside the image, whose root they cannot leave: there is no such file.
        for (String path : List.of("no/such/path", "links/out", "links/up", "links/loop")) {
            for (MountSpec mount : inBoth(path)) {
                assertThatThrownBy(() -> start(mount))
                        .isInstanceOf(NotFoundException.class)
                        .hasMessage("image volume at /x: the image has no '%s'", path);
            }
        }
        for (MountSpec mount : inBoth("links/../links")) {
            assertThatThrownBy(() -> start(mount)).isInstanceOf(InvalidArgumentException.class);
        }
        for (MountSpec mount : inBoth("/links")) {
            assertThatThrownBy(() -> start(mount)).isInstanceOf(InvalidArgumentException.class);
        }
        assertThat(under.runtime.containers().list()).isEmpty();
    }

    @Test
    void aLinkInsideTheImageIsFollowed() throws Exception {
        for (NamespaceSpec namespaces : List.of(plain(), mapped())) {
            for (String path : List.of("links/inside", "links/near", "links/climbing")) {
                for (MountSpec mount : inBoth(path)) {
                    Container container = start(namespaces, mount);
                    assertThat(under.sh(container, "cat /x")).isEqualTo("at the end of a link");
                }
            }
        }
    }

    @Test
    void anImageThatIsMountedOutlivesItsNamesAndTheAgent() throws Exception {
        Container container = start(imageVolume("/x", "data"));
        under.runtime.images().remove(TestImageLayout.VOLUME);
        assertThat(under.runtime.images().find(TestImageLayout.VOLUME)).isEmpty();
        under.leave();
        under.reopen();
        assertThat(under.sh(container, "cat /x/lower /x/both"))
                .isEqualTo("from the lower layer\nfrom the upper layer");
        String id = container.imageVolumes().getFirst();
        assertThat(under.runtime.images().lease(id, "test").layers())
                .hasSize(2)
                .allSatisfy(layer -> assertThat(layer.resolve("data")).isDirectory());
        under.runtime.images().release(id, "test");
        under.runtime.containers().remove(container.id());
        assertThatThrownBy(() -> under.runtime.images().lease(id, "test"))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void theDirectoryOfTheHierarchiesIsReadonly() {
        assumeTrue(!under.runtime.unifiedCgroups(), "cgroup v2 has no such directory");
        Container container = start();
        assertThat(under.exec(container, "mkdir /sys/fs/cgroup/mine").exitCode()).isNotZero();
        assertThat(under.exec(container, "mkdir /sys/fs/cgroup/memory/mine").exitCode())
                .isNotZero();
        assertThat(under.sh(container, "ls /sys/fs/cgroup")).contains("memory");
    }
}
