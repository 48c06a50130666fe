package io.carpel.runtime;

import io.carpel.runtime.cgroup.CgroupConfig;
import io.carpel.runtime.cgroup.CgroupDriver;
import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.ImageSettings;
import io.carpel.runtime.image.ImageStore;
import io.carpel.runtime.image.registry.RegistrySettings;
import io.carpel.runtime.image.snapshot.LayerLimits;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.lifecycle.Closer;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxBpfCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.LinuxNetlinkCalls;
import io.carpel.runtime.linux.LinuxNftablesCalls;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.linux.NamespaceCalls;
import io.carpel.runtime.namespace.PodNamespaces;
import io.carpel.runtime.network.bridge.BridgeConfig;
import io.carpel.runtime.network.bridge.BridgeNetwork;
import io.carpel.runtime.network.cni.CniConfig;
import io.carpel.runtime.network.node.NetworkConfig;
import io.carpel.runtime.network.node.NodeNetwork;
import java.io.IOException;
import java.time.Clock;

/// The rooms below the managers, opened in their order.
record RuntimeParts(
        MountCalls mounts,
        FileCalls files,
        CgroupManager cgroups,
        ShimLauncher launcher,
        PodNamespaces namespaces,
        NodeNetwork network,
        ImageStore images) {
    static RuntimeParts open(RuntimeConfig config, Closer closer) throws IOException {
        MountCalls mounts = new LinuxMountCalls();
        NamespaceCalls namespaceCalls = new LinuxNamespaceCalls();
        FileCalls files = new LinuxFileCalls();
        ShimLauncher launcher = closer.add(ShimLauncher.open());
        CgroupDriver driver = CgroupDriver.named(config.cgroups().driver());
        CgroupManager cgroups =
                closer.add(
                        CgroupManager.open(
                                new CgroupConfig(
                                        driver,
                                        config.cgroupParent(driver == CgroupDriver.SYSTEMD),
                                        config.ownName(),
                                        config.cgroups().parent().isEmpty()),
                                new LinuxBpfCalls(),
                                launcher.helpers()::startPlaceholder));
        NodeNetwork network =
                closer.add(
                        NodeNetwork.open(
                                network(config),
                                new BridgeNetwork.KernelCalls(
                                        new LinuxNetlinkCalls(),
                                        namespaceCalls,
                                        new LinuxNftablesCalls())));
        ImageStore images =
                closer.add(
                        ImageStore.open(
                                config.layout().images(),
                                images(config.images()),
                                files,
                                Clock.systemUTC()));
        return new RuntimeParts(
                mounts,
                files,
                cgroups,
                launcher,
                PodNamespaces.open(namespaceCalls, mounts, launcher.helpers()),
                network,
                images);
    }

    static NetworkConfig network(RuntimeConfig config) {
        RuntimeConfig.Network wanted = config.network();
        BridgeConfig bridge = BridgeConfig.forInstance(config.instance());
        if (!wanted.bridgeRange().isEmpty()) {
            bridge = bridge.withRange4(wanted.bridgeRange());
        }
        if (!wanted.bridgeName().isEmpty()) {
            bridge =
                    new BridgeConfig(
                            wanted.bridgeName(),
                            bridge.table(),
                            bridge.range4(),
                            bridge.range6(),
                            bridge.mtu());
        }
        return new NetworkConfig(
                mode(wanted.mode()),
                config.layout().network(),
                new CniConfig(wanted.cniConfDir(), wanted.cniBinDirs(), CniConfig.DEFAULT_TIMEOUT),
                bridge);
    }

    private static NetworkConfig.Mode mode(String name) {
        return switch (name) {
            case "auto" -> NetworkConfig.Mode.AUTO;
            case "cni" -> NetworkConfig.Mode.CNI;
            case "bridge" -> NetworkConfig.Mode.BRIDGE;
            default ->
                    throw new InvalidArgumentException(
                            "network mode '%s' is none of auto, cni, bridge".formatted(name));
        };
    }

    static ImageSettings images(RuntimeConfig.Images wanted) {
        RegistrySettings usual = RegistrySettings.defaults();
        RegistrySettings chosen =
                new RegistrySettings(
                        usual.registriesConf(),
                        usual.registriesConfDir(),
                        usual.policy(),
                        usual.authFiles(),
                        usual.certDirs(),
                        wanted.stallTimeout(),
                        usual.connectTimeout(),
                        usual.attempts());
        return new ImageSettings(
                wanted.parallelDownloads(),
                wanted.pinned(),
                LayerLimits.defaults(),
                wanted.registriesConf().map(chosen::withRegistriesConf).orElse(chosen));
    }
}
