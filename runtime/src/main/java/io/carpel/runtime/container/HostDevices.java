package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.DeviceRules;
import io.carpel.runtime.cgroup.DeviceRules.Rule;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.launch.ContainerLaunch.Device;
import io.carpel.runtime.launch.Credentials;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds the device nodes that a container may use, and the rules that let it.
final class HostDevices {
    private static final int LIMIT = 10_000;
    private static final int MAX_DEPTH = 8;

    /// Instead of permissions, in descriptions of devices.
    private static final String NO_ACCESS = "none";

    /// Directories of `/dev` that every container has of its own, and nodes that are made anew.
    private static final Set<String> OWN =
            Set.of(
                    "pts", "shm", "mqueue", "fd", "console", "null", "zero", "full", "random",
                    "urandom", "tty", "ptmx");

    private final Path dev;

    /// @param dev the host's `/dev`
    HostDevices(Path dev) {
        this.dev = dev;
    }

    /// @param nodes beyond those that every container has
    record Found(List<Device> nodes, DeviceRules rules) {}

    /// @param owner whom the container's process runs as, who owns nodes that nobody is named for
    Found find(List<DeviceSpec> specs, boolean privileged, Credentials owner) throws IOException {
        List<Device> nodes = new ArrayList<>();
        DeviceRules rules = privileged ? DeviceRules.allowAll() : DeviceRules.defaults();
        if (privileged) {
            walk(dev, "/dev", 0, nodes);
        }
        for (DeviceSpec spec : specs) {
            int before = nodes.size();
            add(spec, owner, nodes);
            for (Device node : nodes.subList(before, nodes.size())) {
                if (!makesOnly(spec)) {
                    rules = rules.and(rule(node.hostPath(), access(spec)));
                }
            }
        }
        if (nodes.size() > LIMIT) {
            throw new InvalidArgumentException(
                    "%d devices are more than %d".formatted(nodes.size(), LIMIT));
        }
        return new Found(oneForEachPlace(nodes), rules);
    }

    /// Of two for the same place the later one counts: what is asked for comes after what a
    /// privileged container has anyway, and several devices of a vendor often share a node.
    private static List<Device> oneForEachPlace(List<Device> nodes) {
        Map<Path, Device> places = new LinkedHashMap<>();
        for (Device node : nodes) {
            places.put(Path.of(node.containerPath()).normalize(), node);
        }
        return List.copyOf(places.values());
    }

    /// Whether only the node is wanted, and no leave to use it: only descriptions of devices can
    /// say so.
    private static boolean makesOnly(DeviceSpec spec) {
        return spec.node().isPresent() && spec.permissions().equals(NO_ACCESS);
    }

    private void add(DeviceSpec spec, Credentials owner, List<Device> nodes) throws IOException {
        if (!spec.hostPath().startsWith("/") || !spec.containerPath().startsWith("/")) {
            throw new InvalidArgumentException(
                    "device '%s' at '%s': both paths must be absolute"
                            .formatted(
                                    Printable.of(spec.hostPath()),
                                    Printable.of(spec.containerPath())));
        }
        Path host;
        try {
            host = Path.of(spec.hostPath()).toRealPath();
        } catch (NoSuchFileException e) {
            throw new NotFoundException(
                    "device %s does not exist".formatted(Printable.of(spec.hostPath())), e);
        }
        int before = nodes.size();
        if (spec.node().isPresent() && isDevice(host)) {
            nodes.add(asDescribed(spec, spec.node().get(), host, owner));
        } else if (Files.isDirectory(host)) {
            walk(host, spec.containerPath(), 0, nodes);
        } else if (isDevice(host)) {
            nodes.add(Device.likeHost(host, spec.containerPath()));
        }
        if (nodes.size() == before) {
            throw new InvalidArgumentException(
                    "'%s' is neither a device nor a directory with devices"
                            .formatted(Printable.of(spec.hostPath())));
        }
    }

    private void walk(Path directory, String inside, int depth, List<Device> nodes)
            throws IOException {
        boolean top = directory.equals(dev);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (top && OWN.contains(name)) {
                    continue;
                }
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    if (depth < MAX_DEPTH) {
                        walk(entry, inside + "/" + name, depth + 1, nodes);
                    }
                } else if (isDevice(entry)) {
                    nodes.add(Device.likeHost(entry, inside + "/" + name));
                }
            }
        } catch (NoSuchFileException _) {
            // Devices come and go.
        }
    }

    /// @throws InvalidArgumentException when the host's node is another device than described
    private static Device asDescribed(
            DeviceSpec spec, DeviceSpec.Node node, Path host, Credentials owner)
            throws IOException {
        Rule found = rule(host, "rwm");
        boolean kind = node.kind().isEmpty() || node.kind().charAt(0) == found.type().letter();
        boolean major = node.major().isEmpty() || node.major().get() == found.major();
        boolean minor = node.minor().isEmpty() || node.minor().get() == found.minor();
        if (!kind || !major || !minor) {
            throw new InvalidArgumentException(
                    "device %s is %c %d:%d, and not the %s %s:%s that was described"
                            .formatted(
                                    Printable.of(spec.hostPath()),
                                    found.type().letter(),
                                    found.major(),
                                    found.minor(),
                                    node.kind(),
                                    node.major().map(String::valueOf).orElse("*"),
                                    node.minor().map(String::valueOf).orElse("*")));
        }
        return new Device(
                host,
                spec.containerPath(),
                node.mode().orElse(Device.HOSTS),
                node.uid().orElse(owner.uid() > 0 ? owner.uid() : Device.HOSTS),
                node.gid().orElse(owner.gid() > 0 ? owner.gid() : Device.HOSTS));
    }

    private static boolean isDevice(Path path) throws IOException {
        try {
            int type = type(path);
            return type == FileCalls.S_IFCHR || type == FileCalls.S_IFBLK;
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private static int type(Path path) throws IOException {
        return (int) attribute(path, "mode") & FileCalls.S_IFMT;
    }

    private static Object attribute(Path path, String name) throws IOException {
        return Files.getAttribute(path, "unix:" + name, LinkOption.NOFOLLOW_LINKS);
    }

    private static Rule rule(Path path, String access) throws IOException {
        long rdev = (long) attribute(path, "rdev");
        // glibc's makedev(3): the numbers' halves are interleaved.
        int major = (int) ((rdev >>> 8 & 0xfff) | (rdev >>> 32 & ~0xfffL));
        int minor = (int) ((rdev & 0xff) | (rdev >>> 12 & ~0xffL));
        DeviceRules.Type type =
                type(path) == FileCalls.S_IFBLK
                        ? DeviceRules.Type.BLOCK
                        : DeviceRules.Type.CHARACTER;
        return new Rule(type, major, minor, access, true);
    }

    private static String access(DeviceSpec spec) {
        String access = spec.permissions().isEmpty() ? "rwm" : spec.permissions();
        if (!access.matches("[rwm]{1,3}")) {
            throw new InvalidArgumentException(
                    "device %s: permissions '%s' are not made of r, w and m"
                            .formatted(Printable.of(spec.hostPath()), Printable.of(access)));
        }
        return access;
    }
}
