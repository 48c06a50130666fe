package io.carpel.agent.cli.manifest;

import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.HostPathVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The directories of a pod's volumes on this node.
///
/// A sub-path is resolved without following any link, and before a container that could exchange a
/// directory for a link runs: `carpel run` creates all containers, and with them their mounts,
/// before it starts the first that stays. With an init container that stays, a sub-path of a volume
/// which that container can write to is refused.
public final class VolumeDirectories {
    /// Memory-backed volumes lie on the host's tmpfs, since only the runtime may mount.
    private static final Path MEMORY = Path.of("/dev/shm");

    private static final int EVERYONE = 0777;
    private static final int TYPE_MASK = 0170000;

    private final PodManifest manifest;
    private final NodeFacts node;
    private final Map<String, Path> paths = new HashMap<>();
    private Optional<Path> hosts = Optional.empty();

    public VolumeDirectories(PodManifest manifest, NodeFacts node) {
        this.manifest = manifest;
        this.node = node;
    }

    /// Makes and checks what the volumes need.
    public void prepare() {
        try {
            Files.createDirectories(node.podDirectory());
            Files.setPosixFilePermissions(
                    node.podDirectory(), PosixFilePermissions.fromString("rwx--x--x"));
            Files.createDirectories(node.logDirectory());
            int index = 0;
            for (Volume volume : manifest.spec().getVolumes()) {
                String path = "spec.volumes[" + index++ + "]";
                if (volume.getEmptyDir() != null) {
                    paths.put(volume.getName(), emptyDirectory(path, volume));
                } else if (volume.getHostPath() != null) {
                    paths.put(volume.getName(), hostPath(path, volume.getHostPath()));
                }
            }
        } catch (IOException e) {
            throw new ManifestException("cannot make the pod's volumes: " + describe(e), e);
        }
    }

    /// Writes the hosts file of a pod with hostAliases, now that its address is known.
    public void writeHosts(String hostname, List<String> ips) {
        if (manifest.spec().getHostAliases().isEmpty()) {
            return;
        }
        Path file = node.podDirectory().resolve("hosts");
        try {
            List<String> lines = new ArrayList<>();
            if (manifest.hostNetwork()) {
                lines.addAll(Files.readAllLines(Path.of("/etc/hosts")));
            } else {
                lines.add("127.0.0.1\tlocalhost");
                lines.add("::1\tlocalhost ip6-localhost ip6-loopback");
                ips.forEach(ip -> lines.add(ip + "\t" + hostname));
            }
            lines.add("");
            lines.add("# from spec.hostAliases");
            manifest.spec()
                    .getHostAliases()
                    .forEach(alias ->
                            lines.add(
                                    alias.getIp()
                                            + "\t"
                                            + String.join("\t", alias.getHostnames())));
            Files.write(file, lines);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        } catch (IOException e) {
            throw new ManifestException("cannot write " + file + ": " + describe(e), e);
        }
        hosts = Optional.of(file);
    }

    Optional<Path> hostsFile() {
        return hosts;
    }

    Path of(String volume) {
        Path path = paths.get(volume);
        if (path == null) {
            throw new IllegalStateException("volume " + volume + " was not prepared");
        }
        return path;
    }

    /// Resolves a sub-path, and makes it when it is missing.
    Path below(String field, String volume, String subPath) {
        refuseWithSidecar(field, volume);
        Path at = of(volume);
        try {
            for (Path step : Path.of(subPath).normalize()) {
                at = at.resolve(step);
                if (Files.isSymbolicLink(at)) {
                    throw new ManifestException(
                            "%s.subPath: %s is a symbolic link".formatted(field, at));
                }
                if (!Files.exists(at, LinkOption.NOFOLLOW_LINKS)) {
                    Files.createDirectory(at);
                    own(at, Integer.parseInt("755", 8));
                }
            }
        } catch (IOException e) {
            throw new ManifestException(field + ".subPath: " + describe(e), e);
        }
        return at;
    }

    private void refuseWithSidecar(String field, String volume) {
        boolean unsafe =
                manifest.spec().getInitContainers().stream()
                        .filter(PodManifest::isSidecar)
                        .flatMap(sidecar -> sidecar.getVolumeMounts().stream())
                        .anyMatch(mount ->
                                mount.getName().equals(volume)
                                        && !PodManifest.isTrue(mount.getReadOnly()));
        if (unsafe) {
            throw new ManifestException(
                    "%s.subPath: volume '%s' is writable in an init container that stays, which"
                                    .formatted(field, volume)
                            + " could redirect the path");
        }
    }

    private Path emptyDirectory(String path, Volume volume) throws IOException {
        EmptyDirVolumeSource source = volume.getEmptyDir();
        boolean memory = "Memory".equals(source.getMedium());
        Path parent = (memory ? memoryDirectory() : node.podDirectory()).resolve("volumes");
        if (memory && !Files.getFileStore(MEMORY).type().equals("tmpfs")) {
            throw new ManifestException(
                    path + ".emptyDir.medium: Memory needs a tmpfs at " + MEMORY);
        }
        Files.createDirectories(parent);
        Path directory = Files.createDirectory(parent.resolve(volume.getName()));
        own(directory, source.getMode() == null ? EVERYONE : source.getMode());
        return directory;
    }

    /// Gives a volume its mode, and its group when the pod has one: new files then have it as well.
    /// The ids are the container's in a user namespace too, since the mount translates them.
    private void own(Path directory, int mode) throws IOException {
        Long group = manifest.security().getFsGroup();
        if (group != null) {
            Files.setAttribute(directory, "unix:gid", Math.toIntExact(group));
        }
        Files.setAttribute(directory, "unix:mode", group == null ? mode : mode | 02070);
    }

    private Path memoryDirectory() {
        return memoryDirectory(String.valueOf(node.podDirectory().getFileName()));
    }

    /// Where the memory-backed volumes of a pod lie.
    public static Path memoryDirectory(String uid) {
        return MEMORY.resolve("carpel-" + uid);
    }

    private static Path hostPath(String path, HostPathVolumeSource source) throws IOException {
        Path host = Path.of(source.getPath());
        String type = Optional.ofNullable(source.getType()).orElse("");
        switch (type) {
            case "DirectoryOrCreate" -> {
                if (!Files.exists(host)) {
                    Files.createDirectories(host);
                }
                kind(path, host, 0040000, "a directory");
            }
            case "FileOrCreate" -> {
                if (!Files.exists(host)) {
                    Files.createFile(host);
                }
                kind(path, host, 0100000, "a file");
            }
            case "Directory" -> kind(path, host, 0040000, "a directory");
            case "File" -> kind(path, host, 0100000, "a file");
            case "Socket" -> kind(path, host, 0140000, "a socket");
            case "CharDevice" -> kind(path, host, 0020000, "a character device");
            case "BlockDevice" -> kind(path, host, 0060000, "a block device");
            default -> {}
        }
        return host;
    }

    /// Types as in inode(7); links are followed, as the kubelet does.
    private static void kind(String path, Path host, int wanted, String name) throws IOException {
        if (!Files.exists(host)) {
            throw new ManifestException(path + ".hostPath.path: " + host + " does not exist");
        }
        int mode = (Integer) Files.getAttribute(host, "unix:mode");
        if ((mode & TYPE_MASK) != wanted) {
            throw new ManifestException(path + ".hostPath.path: " + host + " is not " + name);
        }
    }

    /// Removes all that [#prepare] and [#writeHosts] made; host paths stay.
    public void remove() {
        deleteTree(memoryDirectory());
        deleteTree(node.podDirectory());
    }

    /// Removes a tree without following links. What is already gone is no failure.
    public static void deleteTree(Path root) {
        if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new ManifestException("cannot remove " + root + ": " + describe(e), e);
        }
    }

    private static String describe(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "") + ": " + e.getMessage();
    }
}
