package io.carpel.runtime;

import io.carpel.runtime.store.StateLayout;
import java.nio.file.Path;
import java.util.List;
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
            throw new IllegalArgumentException(
                    "instance '%s' is not 0 to 16 lower-case letters and digits"
                            .formatted(instance));
        }
    }

    /// The usual single runtime of a host.
    public static RuntimeConfig standard() {
        return new RuntimeConfig(
                "",
                StateLayout.standard(),
                Cgroups.standard(),
                Network.standard(),
                Images.standard(),
                Containers.standard());
    }

    /// `carpel`, or `carpel-INSTANCE`.
    public String ownName() {
        return instance.isEmpty() ? "carpel" : "carpel-" + instance;
    }

    /// The cgroup below which sandboxes live that name no parent.
    public String defaultCgroupParent() {
        return "/" + ownName();
    }

    /// @param driver `cgroupfs`, `systemd` or `auto`
    public record Cgroups(String driver) {
        public static Cgroups standard() {
            return new Cgroups("auto");
        }
    }

    /// @param cniConfDir read for `*.conflist` and `*.conf`; without one the built-in bridge serves
    /// @param bridgeSubnet addresses of the built-in bridge, in CIDR form
    public record Network(Path cniConfDir, List<Path> cniBinDirs, String bridgeSubnet) {
        public Network {
            cniBinDirs = List.copyOf(cniBinDirs);
        }

        public static Network standard() {
            return new Network(
                    Path.of("/etc/cni/net.d"),
                    List.of(Path.of("/opt/cni/bin"), Path.of("/usr/lib/cni")),
                    "10.88.0.0/16");
        }
    }

    /// @param registriesConf empty means the usual places of containers-registries.conf(5)
    /// @param pinned references that clean-up must never remove
    /// @param parallelDownloads layers downloaded at once by one pull
    public record Images(
            Optional<Path> registriesConf, List<String> pinned, int parallelDownloads) {
        public Images {
            pinned = List.copyOf(pinned);
        }

        public static Images standard() {
            return new Images(Optional.empty(), List.of(), 3);
        }
    }

    /// @param shim the native program; empty means the one that came with this runtime
    /// @param createMissingMountSources whether a bind mount's absent source becomes a directory
    /// @param defaultCapabilities names without `CAP_`; empty means the built-in list
    /// @param seccompWhenUnset the seccomp profile of containers that name none: `unconfined` or
    ///   `runtime/default`
    /// @param userNamespaceOwner user whose ranges in `/etc/subuid` bound user namespaces; empty
    ///   bounds nothing
    public record Containers(
            Optional<Path> shim,
            boolean createMissingMountSources,
            List<String> defaultCapabilities,
            String seccompWhenUnset,
            String userNamespaceOwner) {
        public Containers {
            defaultCapabilities = List.copyOf(defaultCapabilities);
        }

        public static Containers standard() {
            return new Containers(Optional.empty(), true, List.of(), "unconfined", "");
        }
    }
}
