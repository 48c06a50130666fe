package io.carpel.runtime;

import io.carpel.runtime.cgroup.CgroupConfig;
import io.carpel.runtime.cgroup.CgroupDriver;
import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.host.FeatureProbe;
import io.carpel.runtime.host.KernelFeatures;
import io.carpel.runtime.host.ServiceNotifier;
import io.carpel.runtime.image.ImageSettings;
import io.carpel.runtime.image.registry.RegistryFiles;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.lifecycle.Closer;
import io.carpel.runtime.linux.LinuxBpfCalls;
import io.carpel.runtime.linux.LinuxDatagramCalls;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.LinuxSeccompCalls;
import io.carpel.runtime.network.node.NetworkConfig;
import io.carpel.runtime.security.Capabilities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What of the host is to be had without a runtime: its abilities, its service manager.
public final class HostAccess {
    /// A group of its own, so that closing it takes nothing from an open runtime.
    private static final String PROBE = "-probe";

    private HostAccess() {}

    /// Tries what the kernel can do, with the directories and the cgroup parent of a runtime that
    /// may or may not be open. Leaves nothing behind.
    public static KernelFeatures probe(RuntimeConfig config) {
        Closer closer = new Closer();
        try {
            CgroupManager cgroups =
                    closer.add(
                            CgroupManager.open(
                                    new CgroupConfig(
                                            CgroupDriver.CGROUPFS,
                                            config.cgroupParent(false) + PROBE),
                                    new LinuxBpfCalls()));
            ShimLauncher launcher = closer.add(ShimLauncher.open());
            return new FeatureProbe(
                            new LinuxMountCalls(),
                            new LinuxNamespaceCalls(),
                            new LinuxSeccompCalls(),
                            launcher.helpers())
                    .probe(
                            existing(config.layout().stateDir()),
                            existing(config.layout().runDir()).resolve("probe.sock"),
                            cgroups.missing());
        } catch (IOException e) {
            throw new KernelFaultException("could not probe the host: " + e.getMessage(), e);
        } finally {
            closer.close();
        }
    }

    /// What is wrong with the files by which pulls of images go, a sentence for each.
    public static List<String> registryProblems(RuntimeConfig.Images images) {
        return RegistryFiles.problems(RuntimeParts.images(images).registry());
    }

    /// Looks at a configuration without opening a runtime by it.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException naming what no runtime would take
    public static void check(RuntimeConfig config) {
        NetworkConfig _ = RuntimeParts.network(config);
        ImageSettings _ = RuntimeParts.images(config.images());
        config.containers().defaultCapabilities().forEach(Capabilities::number);
    }

    /// The nearest directory above that is there: on the same filesystem, in all likelihood.
    private static Path existing(Path directory) {
        Path at = directory.toAbsolutePath();
        while (!Files.isDirectory(at)) {
            Path parent = at.getParent();
            if (parent == null) {
                return at;
            }
            at = parent;
        }
        return at;
    }

    /// @param environment of this process
    public static ServiceNotifier serviceNotifier(Map<String, String> environment) {
        return ServiceNotifier.of(
                environment, new LinuxDatagramCalls(), ProcessHandle.current().pid());
    }
}
