package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.ResolvedMount;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Labels of real files. Needs root, but no SELinux: a filesystem keeps a label either way.
class VolumeLabelsIT {
    private static final String LABEL = "system_u:object_r:container_file_t:s0:c7,c9";
    private static final String ATTRIBUTE = "security.selinux";

    @TempDir Path directory;
    private final FileCalls files = new LinuxFileCalls();
    private final MountCalls mounts = new LinuxMountCalls();
    private Path volume = Path.of("/");
    private Path outside = Path.of("/");

    @BeforeEach
    void layOut() throws IOException {
        volume = directory.resolve("volume");
        Files.createDirectories(volume.resolve("two"));
        outside = Files.writeString(directory.resolve("outside"), "host");
    }

    private VolumeLabels labels() {
        StateLayout layout =
                new StateLayout(
                        directory.resolve("run"),
                        directory.resolve("lib"),
                        directory.resolve("netns"));
        return new VolumeLabels(files, WorkRoom.open(Clock.systemUTC()).slow(), layout);
    }

    private static ResolvedMount mount(Path source, boolean relabel) {
        var spec = MountSpec.bind(source.toString(), "/data", false);
        return new ResolvedMount(
                new MountSpec(
                        spec.source(),
                        spec.target(),
                        spec.readonly(),
                        spec.recursiveReadonly(),
                        spec.propagation(),
                        spec.options(),
                        spec.uidMappings(),
                        spec.gidMappings(),
                        spec.image(),
                        spec.imageSubPath(),
                        relabel),
                source,
                List.of(),
                Optional.empty());
    }

    private void put(Path source) throws IOException {
        labels().put(List.of(mount(source, true)), LABEL);
    }

    /// Of the entry itself, when it is a link.
    private String label(Path file) throws ErrnoException {
        try (Fd parent = files.open(String.valueOf(file.getParent()), FileCalls.O_PATH, 0)) {
            byte[] value = files.lgetxattrat(parent, String.valueOf(file.getFileName()), ATTRIBUTE);
            return new String(value, StandardCharsets.US_ASCII).replace("\0", "");
        } catch (ErrnoException e) {
            if (e.is(Errno.ENODATA)) {
                return "";
            }
            throw e;
        }
    }

    @Test
    void everythingBelowIsLabelledAndNothingElse() throws IOException {
        String before = label(outside);
        Path file = Files.writeString(volume.resolve("two/file"), "x");
        Path odd = Files.createDirectory(volume.resolve("o d\n\"d"));
        Path link = Files.createSymbolicLink(volume.resolve("link"), outside);
        Path up = Files.createSymbolicLink(volume.resolve("up"), Path.of("../../.."));
        Path fifo = volume.resolve("fifo");
        try (Fd at = files.open(volume.toString(), FileCalls.O_PATH, 0)) {
            files.mknodat(at, "fifo", FileCalls.S_IFIFO | 0600, 0, 0);
        }
        labels().put(List.of(mount(volume, false)), LABEL);
        assertThat(label(file)).isEqualTo(before);

        put(volume);
        for (Path each : List.of(volume, volume.resolve("two"), file, odd, link, up, fifo)) {
            assertThat(label(each)).as("%s", each).isEqualTo(LABEL);
        }
        assertThat(label(outside)).isEqualTo(before);
        assertThat(label(directory)).isEqualTo(before);
    }

    @Test
    void aSingleFileIsLabelled() throws IOException {
        Path file = Files.writeString(volume.resolve("two/file"), "x");
        String before = label(volume);
        put(file);
        assertThat(label(file)).isEqualTo(LABEL);
        assertThat(label(volume)).isEqualTo(before);
    }

    /// What has the label is not touched: its change time stays.
    @Test
    void whatIsRightIsLeftAlone() throws IOException {
        put(volume);
        Object changed = Files.getAttribute(volume, "unix:ctime");
        put(volume);
        assertThat(Files.getAttribute(volume, "unix:ctime")).isEqualTo(changed);
    }

    @Test
    void whatIsMountedSomewhereBelowIsLeftAlone() throws IOException {
        Path below = volume.resolve("two");
        Path kept = Files.createDirectory(directory.resolve("kept"));
        String before = label(kept);
        mounts.mount(kept.toString(), below, "", MountCalls.MS_BIND, "");
        try {
            put(volume);
        } finally {
            mounts.unmount(below, 0);
        }
        assertThat(label(kept)).isEqualTo(before);
        assertThat(label(volume)).isEqualTo(LABEL);
        assertThat(label(below)).isEqualTo(before);
    }

    @Test
    void placesOfTheHostAreRefusedUnderAnyName() throws IOException {
        Path alias = Files.createDirectory(directory.resolve("alias"));
        Files.createDirectory(directory.resolve("lib"));
        mounts.mount("/etc", alias, "", MountCalls.MS_BIND, "");
        try {
            for (Path place :
                    List.of(
                            alias,
                            Path.of("/"),
                            Path.of("/usr"),
                            Path.of("/etc/passwd"),
                            Path.of("/proc/sys"),
                            Path.of("/sys/kernel"),
                            Path.of("/dev/shm"),
                            directory.resolve("lib"))) {
                assertThatThrownBy(() -> put(place))
                        .as("%s", place)
                        .isInstanceOf(InvalidArgumentException.class)
                        .hasMessage(
                                "mount of '%s' at '/data' with a new selinux label: it is not a"
                                        + " container's to label",
                                place);
            }
        } finally {
            mounts.unmount(alias, 0);
        }
    }

    /// Somebody in the volume exchanges a directory and a link to the host all the time.
    @Test
    void aSwappedDirectoryNeverLeadsOutside() throws Exception {
        Path host = Files.createDirectory(directory.resolve("host"));
        Path secret = Files.writeString(host.resolve("file"), "host");
        String before = label(secret);
        Files.writeString(volume.resolve("two/file"), "mine");
        Files.createSymbolicLink(volume.resolve("swap"), host);
        var stop = new AtomicBoolean();
        Thread swapper =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!stop.get()) {
                                swap();
                            }
                        });
        try {
            for (int i = 0; i < 500; i++) {
                put(volume);
            }
        } finally {
            stop.set(true);
            swapper.join();
        }
        assertThat(label(secret)).isEqualTo(before);
        assertThat(label(host)).isEqualTo(before);
    }

    private void swap() {
        try (Fd at = files.open(volume.toString(), FileCalls.O_PATH, 0)) {
            files.renameat2(at, "two", at, "swap", FileCalls.RENAME_EXCHANGE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aTreeThatIsTooDeepIsRefused() throws IOException {
        Files.createDirectories(volume.resolve("d/".repeat(300)));
        assertThatThrownBy(() -> put(volume))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("could not label host path " + volume)
                .hasMessageContaining("ELOOP");
        assertThat(label(volume)).isNotEqualTo(LABEL);
    }

    @Test
    void aFilesystemWithoutLabelsNeedsNone() throws IOException {
        Path mounted = Files.createDirectory(directory.resolve("mounted"));
        mounts.mount("mqueue", mounted, "ramfs", 0, "");
        try {
            Path file = Files.writeString(mounted.resolve("file"), "x");
            put(mounted);
            assertThat(file).hasContent("x");
        } finally {
            mounts.unmount(mounted, 0);
        }
    }
}
