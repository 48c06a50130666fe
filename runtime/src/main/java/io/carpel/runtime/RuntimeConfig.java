package io.carpel.runtime;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.store.StateLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Everything an administrator can choose about the runtime.
///
/// @param instance distinguishes several runtimes on one host: part of the names of network
///   namespaces, bridge, nftables table and default cgroup; empty for the usual single one
public record RuntimeConfig(
        String instance,
        StateLayout layout,
        Cgroups cgroups,
        Network network,
        Images images,
        Containers containers) {
    public RuntimeConfig {
        if (!instance.matches("[a-z0-9]{0,16}")) {
            throw new InvalidArgumentException(
                    "instance '%s' is not 0 to 16 lower-case letters and digits"
                            .formatted(instance));
        }
    }

    /// The usual single runtime of a host.
    public static RuntimeConfig standard() {
        return of("", StateLayout.standard());
    }

    /// Everything as usual but name and places.
    ///
    /// @param runDir what dies with a reboot: records, sockets, pins
    /// @param stateDir what outlives it: images, writable layers, address leases
    /// @param netnsDir network namespaces, where `ip netns` looks
    public static RuntimeConfig at(String instance, Path runDir, Path stateDir, Path netnsDir) {
        return of(instance, new StateLayout(runDir, stateDir, netnsDir));
    }

    /// Everything as usual but name and places.
    public static RuntimeConfig of(String instance, StateLayout layout) {
        return new RuntimeConfig(
                instance,
                layout,
                Cgroups.standard(),
                Network.standard(),
                Images.standard(),
                Containers.standard());
    }

    /// The same with another network.
    public RuntimeConfig with(Network other) {
        return new RuntimeConfig(instance, layout, cgroups, other, images, containers);
    }

    /// The same with other cgroup settings.
    public RuntimeConfig with(Cgroups other) {
        return new RuntimeConfig(instance, layout, other, network, images, containers);
    }

    /// The same with other image settings.
    public RuntimeConfig with(Images other) {
        return new RuntimeConfig(instance, layout, cgroups, network, other, containers);
    }

    /// The same with other container settings.
    public RuntimeConfig with(Containers other) {
        return new RuntimeConfig(instance, layout, cgroups, network, images, other);
    }

    /// `carpel`, or `carpel-INSTANCE`.
    public String ownName() {
        return instance.isEmpty() ? "carpel" : "carpel-" + instance;
    }

    /// The cgroup below which containers lie whose sandbox names no parent.
    ///
    /// @param slice whether it has to be a slice of systemd's
    public String cgroupParent(boolean slice) {
        return cgroups.parent().isEmpty()
                ? "/" + ownName() + (slice ? ".slice" : "")
                : cgroups.parent();
    }

    /// @param driver `auto`, `cgroupfs` or `systemd`
    /// @param parent absolute; empty means one made from the instance
    public record Cgroups(String driver, String parent) {
        public static Cgroups standard() {
            return new Cgroups("auto", "");
        }
    }

    /// @param mode `auto`: CNI when there is a network list, else the built-in bridge; `cni` or
    ///   `bridge`: only that one
    /// @param cniConfDir read for network lists
    /// @param bridgeName empty means one made from the instance
    /// @param bridgeRange addresses of the built-in bridge in CIDR form; empty means a range that
    ///   follows from the instance
    public record Network(
            String mode,
            Path cniConfDir,
            List<Path> cniBinDirs,
            String bridgeName,
            String bridgeRange) {
        public Network {
            cniBinDirs = List.copyOf(cniBinDirs);
        }

        public static Network standard() {
            return new Network(
                    "auto",
                    Path.of("/etc/cni/net.d"),
                    List.of(Path.of("/opt/cni/bin"), Path.of("/usr/lib/cni")),
                    "",
                    "");
        }
    }

    /// @param registriesConf empty means the usual places of containers-registries.conf(5)
    /// @param pinned references that garbage collectors must leave alone
    /// @param parallelDownloads layers of one image downloaded at once
    /// @param stallTimeout a transfer that moves no byte for so long is tried again
    public record Images(
            Optional<Path> registriesConf,
            List<String> pinned,
            int parallelDownloads,
            Duration stallTimeout) {
        public Images {
            pinned = List.copyOf(pinned);
        }

        public static Images standard() {
            return new Images(Optional.empty(), List.of(), 4, Duration.ofMinutes(1));
        }
    }

    /// @param createMissingMountSources whether a bind mount's absent source becomes a directory
    /// @param defaultCapabilities names without `CAP_`; empty means the built-in list
    /// @param selinux whether they get labels on a host that runs SELinux
    /// @param shmSize bytes of the `/dev/shm` that the containers of a sandbox share
    /// @param sysctls of every sandbox that has the namespace they belong to and asks for no other
    /// @param cdiDirectories where devices are described, in the order of their precedence
    public record Containers(
            boolean createMissingMountSources,
            List<String> defaultCapabilities,
            boolean selinux,
            long shmSize,
            Map<String, String> sysctls,
            List<Path> cdiDirectories) {
        public Containers {
            sysctls = Map.copyOf(sysctls);
            defaultCapabilities = List.copyOf(defaultCapabilities);
            cdiDirectories = List.copyOf(cdiDirectories);
        }

        public static Containers standard() {
            return new Containers(
                    true,
                    List.of(),
                    true,
                    64L << 20,
                    Map.of(),
                    List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi")));
        }
    }
}
