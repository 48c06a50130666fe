package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.spec.MountSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Hostile images and requests against the launch path, each named after its property. Needs root.
class SecurityPropertiesIT {
    @RegisterExtension final ShimExtension shims = new ShimExtension();

    private TestContainer container;
    private Path outside;

    @BeforeEach
    void make() throws Exception {
        container = shims.container();
        outside = Files.createDirectory(shims.directory().resolve("outside"));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> list = Files.list(directory)) {
            return list.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void property01TheProgramThatEntersCannotBeOverwritten() throws Exception {
        // Executing /proc/self/exe is executing the shim's own sealed copy: it starts without the
        // arguments it needs, and nobody can open it for writing.
        container.argv = List.of("/proc/self/exe");
        ShimConnection shim = shims.launch(container);
        Path program = Path.of("/proc/" + shim.pid() + "/exe");
        assertThat(Files.readSymbolicLink(program).toString()).startsWith("/memfd:carpel-shim");
        assertThatThrownBy(() -> Files.newOutputStream(program, StandardOpenOption.WRITE))
                .isInstanceOf(IOException.class);
        shim.start();
        assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isEqualTo(2);
    }

    @Test
    void property02AWorkingDirectoryCannotBeADescriptor() throws Exception {
        for (int fd = 0; fd < 64; fd++) {
            container = shims.container();
            container.workingDir = "/proc/self/fd/" + fd;
            assertThatThrownBy(() -> shims.launch(container))
                    .isInstanceOf(KernelFaultException.class);
        }
    }

    @Test
    void property03ASwappedDirectoryNeverLeadsOutside() throws Exception {
        // A sibling with the same volume exchanges a directory and a link while we mount below it.
        Path volume = Files.createDirectory(shims.directory().resolve("volume"));
        Files.createDirectories(volume.resolve("dir"));
        Files.createSymbolicLink(volume.resolve("link"), outside);
        var stop = new AtomicBoolean();
        Thread swapper =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!stop.get()) {
                                swap(volume);
                            }
                        });
        try {
            for (int round = 0; round < 40; round++) {
                TestContainer hostile = shims.container();
                hostile.mounts.add(
                        ResolvedMount.bind(MountSpec.bind(volume.toString(), "/v", false)));
                hostile.mounts.add(
                        ResolvedMount.bind(
                                MountSpec.bind("/bin/busybox", "/v/dir/deep/file", true)));
                try {
                    shims.run(hostile);
                } catch (KernelFaultException _) {
                    // losing the race is an error of the launch, not a hole
                }
            }
        } finally {
            stop.set(true);
            swapper.join();
        }
        assertThat(names(outside)).isEmpty();
    }

    private static void swap(Path volume) {
        var files = new LinuxFileCalls();
        try (var directory = files.open(volume.toString(), FileCalls.O_PATH, 0)) {
            for (int i = 0; i < 1000; i++) {
                files.renameat2(directory, "dir", directory, "link", FileCalls.RENAME_EXCHANGE);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void property04AMaskIsTheNullDevice() throws Exception {
        container.masked = List.of("/proc/version");
        Path fake = Files.writeString(shims.directory().resolve("fake"), "host");
        container.mounts.add(
                ResolvedMount.bind(MountSpec.bind(fake.toString(), "/dev/null", false)));
        assertThatThrownBy(() -> shims.launch(container))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("verify");
        assertThat(Files.readString(fake)).isEqualTo("host");
    }

    @Test
    void property05AnImageWhoseDevIsALinkIsRefused() throws Exception {
        for (String target : List.of("/etc", "../..", outside.toString())) {
            container = shims.container();
            Files.createSymbolicLink(container.layer.resolve("dev"), Path.of(target));
            List<String> etc = names(Path.of("/etc"));
            assertThatThrownBy(() -> shims.launch(container))
                    .isInstanceOf(KernelFaultException.class);
            assertThat(names(Path.of("/etc"))).isEqualTo(etc);
            assertThat(names(container.layer.resolve("etc"))).containsExactly("passwd");
        }
        assertThat(names(outside)).isEmpty();
    }

    /// Without a module that takes it the kernel refuses any label: that must be seen, and must not
    /// have gone to a file of the container's.
    @Test
    void property06ALabelThatCannotBeWrittenFailsTheStart() throws Exception {
        assumeTrue(!active("apparmor") && !active("selinux"), "a security module takes labels");
        for (ExecLabel.Module module : ExecLabel.Module.values()) {
            container = shims.container();
            Path fake = container.layer.resolve("proc/thread-self/attr");
            Files.createDirectories(fake.resolve("apparmor"));
            Files.writeString(fake.resolve("exec"), "image");
            Files.writeString(fake.resolve("apparmor/exec"), "image");
            container.label = Optional.of(new ExecLabel(module, "exec nowhere"));
            assertThatThrownBy(() -> shims.launch(container))
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining("thread-self/attr/exec");
            assertThat(Files.readString(fake.resolve("exec"))).isEqualTo("image");
            assertThat(container.directory.resolve("upper/proc/thread-self")).doesNotExist();
            assertThat(container.socket()).doesNotExist();
        }
    }

    private static boolean active(String module) throws IOException {
        Path list = Path.of("/sys/kernel/security/lsm");
        return Files.exists(list) && Files.readString(list).contains(module);
    }

    /// The score reaches the process, though the image brings a directory that looks like procfs.
    @Test
    void property06TheOomScoreGoesToTheKernel() throws Exception {
        Files.createDirectories(container.layer.resolve("proc/self"));
        Files.writeString(container.layer.resolve("proc/self/oom_score_adj"), "image");
        container.oomScoreAdj = Optional.of(777);
        assertThat(shims.output(container, "cat /proc/self/oom_score_adj")).isEqualTo("777");
        assertThat(Files.readString(container.layer.resolve("proc/self/oom_score_adj")))
                .isEqualTo("image");
    }

    @Test
    void property07MissingDirectoriesAreMadeInsideOnly() throws Exception {
        Files.createSymbolicLink(container.layer.resolve("out"), Path.of(outside.toString()));
        Files.createSymbolicLink(container.layer.resolve("up"), Path.of("../../../../../../tmp"));
        container.mounts.add(ResolvedMount.bind(MountSpec.bind("/bin/busybox", "/up/a/b", true)));
        container.workingDir = "/up/c/d";
        container.argv = List.of("true");
        assertThat(shims.run(container).exitCode()).isZero();
        assertThat(Path.of("/tmp/a")).doesNotExist();
        assertThat(container.directory.resolve("upper/tmp/a/b")).exists();
        container = shims.container();
        Files.createSymbolicLink(container.layer.resolve("out"), outside);
        container.workingDir = "/out/x";
        assertThatThrownBy(() -> shims.launch(container)).isInstanceOf(KernelFaultException.class);
        assertThat(names(outside)).isEmpty();
    }

    @Test
    void property08NothingIsInheritable() throws Exception {
        assertThat(shims.output(container, "grep CapInh /proc/self/status"))
                .isEqualTo("CapInh:\t0000000000000000");
    }

    @Test
    void property11TheProcessLeadsASessionWithoutATerminal() throws Exception {
        assertThat(
                        shims.output(
                                container,
                                "cat /proc/self/stat | tr ' ' '\\n' | head -7 | tr '\\n' ' '; cat /dev/tty 2>&1 || true"))
                .contains(" 1 0 ") // session 1, no terminal
                .contains("/dev/tty");
    }

    @Test
    void property14ProcAndSysAreOurs() throws Exception {
        for (String name : List.of("proc", "sys")) {
            container = shims.container();
            Files.createSymbolicLink(container.layer.resolve(name), Path.of("/tmp"));
            assertThatThrownBy(() -> shims.launch(container))
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining("openat2 /" + name);
        }
        for (String target : List.of("/proc", "/proc/self/attr", "/proc/../proc/sys", "/")) {
            container = shims.container();
            container.mounts.add(
                    ResolvedMount.bind(MountSpec.bind(outside.toString(), target, false)));
            assertThatThrownBy(() -> container.plan())
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("mount target");
        }
    }

    /// What the sandbox's files and volumes are mounted over is the image's, links included: none
    /// of them may put a file of somebody else's in the place of the kernel's.
    @Test
    void property14NoLinkOfTheImageLeadsAMountToTheKernel() throws Exception {
        Path volume = Files.createDirectory(shims.directory().resolve("volume"));
        Path file = Files.writeString(shims.directory().resolve("file"), "hostile");
        for (String link :
                List.of(
                        "/proc/self/attr",
                        "/proc/sys/kernel",
                        "../../proc",
                        "/sys",
                        "/sys/kernel",
                        "/sys/fs/cgroup/memory")) {
            container = shims.container();
            container.cgroup = shims.cgroup();
            Files.createSymbolicLink(container.layer.resolve("data"), Path.of(link));
            container.mounts.add(
                    ResolvedMount.bind(MountSpec.bind(volume.toString(), "/data", false)));
            refused("/data");
        }
        for (String link :
                List.of("/proc/version", "/proc/self/attr/exec", "../sys/kernel/notes")) {
            container = shims.container();
            Files.createSymbolicLink(container.layer.resolve("etc/hosts"), Path.of(link));
            container.mounts.add(
                    ResolvedMount.bind(MountSpec.bind(file.toString(), "/etc/hosts", true)));
            refused("/etc/hosts");
        }
        container = shims.container();
        Files.createSymbolicLink(volume.resolve("inner"), Path.of("/proc"));
        container.mounts.add(ResolvedMount.bind(MountSpec.bind(volume.toString(), "/v", false)));
        container.mounts.add(
                ResolvedMount.bind(MountSpec.bind(file.toString(), "/v/inner/version", true)));
        refused("/v/inner/version");
    }

    private void refused(String target) {
        assertThatThrownBy(() -> shims.launch(container))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("openat2 " + target);
        assertThat(container.socket()).doesNotExist();
    }

    /// A link to anywhere else is the image's own business, and so is a mount over what a
    /// resource-aware /proc replaces, which is asked for by that very name.
    @Test
    void property14OtherLinksAndNamedFilesOfProcAreMountedOver() throws Exception {
        Path file = Files.writeString(shims.directory().resolve("file"), "mine");
        Files.createDirectory(container.layer.resolve("real"));
        Files.createSymbolicLink(container.layer.resolve("link"), Path.of("/real"));
        Files.createSymbolicLink(container.layer.resolve("etc/hosts"), Path.of("../run/no/such"));
        for (String target : List.of("/link/file", "/proc/uptime", "/etc/hosts")) {
            container.mounts.add(ResolvedMount.bind(MountSpec.bind(file.toString(), target, true)));
        }
        assertThat(shims.output(container, "cat /real/file /proc/uptime /etc/hosts"))
                .isEqualTo("mineminemine");
        assertThat(container.directory.resolve("upper/run")).doesNotExist();
    }

    /// The files of the pod cover what the image has there, wherever its links lead.
    @Test
    void property24FilesOfThePodCoverNothingOfTheHost() throws Exception {
        Path host = Files.writeString(outside.resolve("file"), "host");
        Path etc = container.layer.resolve("etc");
        Files.createSymbolicLink(etc.resolve("hostname"), host);
        Files.createSymbolicLink(etc.resolve("resolv.conf"), Path.of("../../../../../../" + host));
        container.hostname = Optional.of(ownFile("name"));
        container.resolv = Optional.of(ownFile("resolver"));
        assertThat(shims.output(container, "cat /etc/hostname /etc/resolv.conf"))
                .isEqualTo("name\nresolver");
        assertThat(host).hasContent("host");
        assertThat(names(outside)).containsExactly("file");
    }

    private Path ownFile(String content) throws IOException {
        return Files.writeString(shims.directory().resolve(content), content + "\n");
    }
}
