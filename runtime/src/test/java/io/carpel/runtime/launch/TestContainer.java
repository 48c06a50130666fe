package io.carpel.runtime.launch;

import io.carpel.runtime.security.CapabilitySets;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A container made of the machine's own busybox, in a directory of its own; fields are changed by
/// a test before it launches.
final class TestContainer {
    /// The set docker gives to everybody.
    static final long DEFAULT_CAPABILITIES = 0xa80425fbL;

    final Path directory;
    final Path layer;
    List<String> argv = List.of("true");
    List<EnvVar> env = List.of(EnvVar.of("PATH", "/bin"));
    String workingDir = "/";
    long uid;
    long gid;
    List<Long> groups = List.of(0L);
    CapabilitySets capabilities =
            new CapabilitySets(
                    DEFAULT_CAPABILITIES, DEFAULT_CAPABILITIES, DEFAULT_CAPABILITIES, 0, 0);
    boolean noNewPrivileges;
    Bytes seccomp = Bytes.empty();
    ResolvedProcess.Streams streams = ResolvedProcess.Streams.outputOnly();
    PidMode pid = PidMode.CONTAINER;
    PinnedNamespaces pins = PinnedNamespaces.none();
    Optional<Path> targetPid = Optional.empty();
    Optional<UserNamespaceSpec> user = Optional.empty();
    List<ResolvedMount> mounts = new ArrayList<>();
    List<ContainerLaunch.Device> devices = List.of();
    List<String> masked = List.of("/proc/kcore", "/sys/firmware", "/proc/no-such");
    List<String> readonly = List.of("/proc/sys");
    boolean readonlyRoot;
    boolean privileged;
    boolean log = true;
    Optional<Path> logDirectory = Optional.empty();
    Optional<Path> hostname = Optional.empty();
    Optional<Path> resolv = Optional.empty();
    Optional<Integer> oomScoreAdj = Optional.empty();
    Optional<ExecLabel> label = Optional.empty();
    Optional<String> fileLabel = Optional.empty();
    CgroupPlacement cgroup = CgroupPlacement.none();
    CgroupPlacement shimCgroup = CgroupPlacement.none();

    TestContainer(Path directory) throws IOException {
        this.directory = directory;
        this.layer = Files.createDirectories(directory.resolve("layer"));
        for (String name : List.of("upper", "work", "shm")) {
            Files.createDirectories(directory.resolve(name));
        }
        busybox(layer);
    }

    /// Debian's busybox is linked dynamically: it comes with its loader and libraries.
    private static void busybox(Path root) throws IOException {
        Path bin = Files.createDirectories(root.resolve("bin"));
        copy(Path.of("/bin/busybox"), root);
        for (String applet :
                List.of(
                        "sh",
                        "true",
                        "false",
                        "cat",
                        "echo",
                        "sleep",
                        "ls",
                        "id",
                        "mount",
                        "stat",
                        "touch",
                        "head",
                        "env",
                        "hostname",
                        "kill",
                        "ps",
                        "seq",
                        "yes",
                        "tty",
                        "stty",
                        "pwd",
                        "mkdir",
                        "readlink",
                        "grep",
                        "mknod",
                        "dd",
                        "wc",
                        "tr",
                        "printf",
                        "setsid",
                        "nohup")) {
            Files.createSymbolicLink(bin.resolve(applet), Path.of("busybox"));
        }
        for (String library :
                List.of(
                        "/lib64/ld-linux-x86-64.so.2",
                        "/lib/ld-linux-aarch64.so.1",
                        "/lib/x86_64-linux-gnu/libc.so.6",
                        "/lib/x86_64-linux-gnu/libresolv.so.2",
                        "/lib/aarch64-linux-gnu/libc.so.6",
                        "/lib/aarch64-linux-gnu/libresolv.so.2")) {
            if (Files.exists(Path.of(library))) {
                copy(Path.of(library), root);
            }
        }
        Path etc = Files.createDirectories(root.resolve("etc"));
        Files.writeString(etc.resolve("passwd"), "root:x:0:0::/:/bin/sh\n");
        Files.createDirectories(
                root.resolve("tmp"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxrwx")));
    }

    private static void copy(Path file, Path root) throws IOException {
        Path target = root.resolve(Path.of("/").relativize(file));
        Files.createDirectories(target.getParent());
        Files.copy(file.toRealPath(), target);
        target.toFile().setExecutable(true, false);
    }

    TestContainer shell(String script) {
        argv = List.of("sh", "-c", script);
        return this;
    }

    Path socket() {
        return directory.resolve("shim.sock");
    }

    Path exitRecord() {
        return directory.resolve("exit");
    }

    Path logFile() {
        return logDirectory.orElse(directory).resolve("log");
    }

    ResolvedProcess process() {
        return new ResolvedProcess(
                argv,
                env,
                workingDir,
                new Credentials(uid, gid, groups, capabilities),
                noNewPrivileges,
                seccomp,
                streams,
                List.of(),
                oomScoreAdj,
                label);
    }

    ContainerLaunch launch() {
        return new ContainerLaunch(
                directory.getFileName().toString(),
                process(),
                new ContainerLaunch.Namespaces(pins, pid, targetPid, user),
                new ContainerLaunch.RootFilesystem(
                        List.of(layer),
                        directory.resolve("upper"),
                        directory.resolve("work"),
                        readonlyRoot),
                new ContainerLaunch.PodFiles(
                        Optional.empty(), hostname, resolv, directory.resolve("shm")),
                mounts,
                devices,
                new ContainerLaunch.PathRules(masked, readonly),
                cgroup,
                new ContainerLaunch.ShimFiles(
                        socket(),
                        exitRecord(),
                        log ? Optional.of(logFile()) : Optional.empty(),
                        shimCgroup),
                fileLabel.map(
                        text -> new ContainerLaunch.FileLabel(text, directory.resolve("shm"))),
                privileged);
    }

    LaunchPlan plan() {
        return LaunchPlanner.plan(launch());
    }

    /// The content of the log's records, without stamps.
    String output() throws IOException {
        try (Stream<String> lines = Files.lines(logFile())) {
            return String.join("\n", lines.map(line -> line.split(" ", 4)[3]).toList());
        }
    }
}
