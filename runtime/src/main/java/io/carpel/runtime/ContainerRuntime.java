package io.carpel.runtime;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.cgroup.CgroupManager;
import io.carpel.runtime.cgroup.CgroupMode;
import io.carpel.runtime.container.CompiledFilters;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.container.ContainerKernel;
import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ContainerSettings;
import io.carpel.runtime.container.ExecManager;
import io.carpel.runtime.container.GroundLayer;
import io.carpel.runtime.container.HostBounds;
import io.carpel.runtime.container.ProcessPolicy;
import io.carpel.runtime.container.SandboxMembers;
import io.carpel.runtime.container.StoredImages;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.host.AppArmorParser;
import io.carpel.runtime.host.FeatureProbe;
import io.carpel.runtime.image.ImageAccounts;
import io.carpel.runtime.image.ImageArchives;
import io.carpel.runtime.image.ImagePuller;
import io.carpel.runtime.image.ImageSettings;
import io.carpel.runtime.image.ImageStore;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.lifecycle.Closer;
import io.carpel.runtime.linux.LinuxSeccompCalls;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.network.node.NodeNetwork;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.sandbox.SandboxKernel;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.sandbox.SandboxSettings;
import io.carpel.runtime.seccomp.SeccompCompiler;
import io.carpel.runtime.security.AppArmorProfile;
import io.carpel.runtime.security.Capabilities;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.stats.BlockDevices;
import io.carpel.runtime.stats.CounterReader;
import io.carpel.runtime.stats.InterfaceCounters;
import io.carpel.runtime.stats.LayerUsage;
import io.carpel.runtime.stats.ProcessCounter;
import io.carpel.runtime.stats.StatsReader;
import io.carpel.runtime.stats.WritableFilesystem;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trash;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.work.WorkBoard;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One runtime on this host: the managers, wired and recovered.
public final class ContainerRuntime implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerRuntime.class);

    /// How long shims that were let go may take to be gone, at the end.
    private static final Duration SHIMS_END = Duration.ofMillis(100);

    private final RuntimeConfig config;
    private final AtomicReference<RuntimeConfig.Containers> choices;
    private final RuntimeParts parts;
    private final SandboxManager sandboxes;
    private final ContainerManager containers;
    private final ExecManager execs;
    private final ImagePuller puller;
    private final ImageArchives archives;
    private final StatsReader stats;
    private final CounterReader counters;
    private final WorkRoom work;
    private final List<String> findings;
    private final Closer closer;

    private ContainerRuntime(
            RuntimeConfig config, RuntimeParts parts, RuntimeWatches watches, Closer closer)
            throws IOException {
        this.config = config;
        this.choices = new AtomicReference<>(config.containers());
        this.parts = parts;
        this.closer = closer;
        Cgroup shims = shimCgroup(parts.cgroups(), closer);
        CgroupPlacement helpers = new CgroupPlacement(shims.taskFiles(), shims.v2Dir());
        ObjectTable<Sandbox, SandboxChange> sandboxTable = Sandbox.table();
        SelinuxLabel selinux = SelinuxLabel.host(config.containers().selinux());
        this.work = closer.add(WorkRoom.open(Clock.systemUTC(), watches.steps()));
        this.containers =
                ContainerManager.open(
                        Container.table(),
                        containerSettings(parts.mounts(), helpers),
                        sandboxTable,
                        new StoredImages(parts.images(), new ImageAccounts(parts.files())),
                        new ContainerKernel(
                                parts.cgroups(),
                                parts.launcher(),
                                policy(config, selinux),
                                closer.add(Trash.open(parts.files(), config.layout().trash())),
                                work));
        this.sandboxes =
                SandboxManager.open(
                        sandboxTable,
                        new SandboxSettings(
                                config.layout(),
                                config.ownName(),
                                parts.cgroups()::parentPath,
                                Path.of("/etc"),
                                config.containers().shmSize(),
                                config.containers().sysctls(),
                                helpers),
                        new SandboxKernel(parts.namespaces(), parts.network(), selinux),
                        new SandboxMembers(containers),
                        work);
        this.execs = new ExecManager(containers, sandboxTable);
        this.puller = closer.add(new ImagePuller(parts.images(), work.board(), watches.pulls()));
        this.archives = new ImageArchives(parts.images());
        LayerUsage layers =
                closer.add(new LayerUsage(config.layout(), parts.files(), Clock.systemUTC()));
        InterfaceCounters interfaces = new InterfaceCounters(parts.namespaces());
        ProcessCounter processes = new ProcessCounter(Path.of("/proc"), Clock.systemUTC());
        this.stats = new StatsReader(sandboxes, containers, parts.cgroups(), interfaces, layers);
        this.counters = counters(interfaces, processes, shims);
        closer.add(
                containers
                        .changes()
                        .subscribe(change -> {
                            if (change.kind() == ContainerChange.Kind.REMOVED) {
                                layers.forget(change.container().id());
                                processes.forget(change.container().id());
                            }
                        }));
        this.findings = new Recovery(config, sandboxes, containers, parts, shims).run();
        closer.add(Watch.start(sandboxes));
    }

    private CounterReader counters(
            InterfaceCounters interfaces, ProcessCounter processes, Cgroup sample)
            throws IOException {
        WritableFilesystem filesystem =
                new WritableFilesystem(
                        config.layout().writableLayers(), parts.files(), Clock.systemUTC());
        BlockDevices devices = BlockDevices.ofHost();
        countDisk(devices, filesystem.number(), sample);
        return new CounterReader(
                sandboxes,
                containers,
                parts.cgroups(),
                new CounterReader.Sources(
                        interfaces, processes, filesystem, devices, sample.path()));
    }

    private void countDisk(BlockDevices devices, BlockDevices.DeviceNumber number, Cgroup sample) {
        try {
            devices.disk(number.major(), number.minor())
                    .ifPresent(disk ->
                            parts.cgroups().countDisk(sample.path(), disk.major(), disk.minor()));
        } catch (KernelFaultException e) {
            // Only numbers are missing then.
            LOG.info("disk traffic of containers is not counted: {}", e.getMessage());
        }
    }

    /// Opens the runtime and recovers what lives from before.
    ///
    /// @throws KernelFaultException when something it cannot do without is missing
    public static ContainerRuntime open(RuntimeConfig config) {
        return open(config, RuntimeWatches.none());
    }

    /// As the other.
    ///
    /// @param watches look on while the runtime works
    public static ContainerRuntime open(RuntimeConfig config, RuntimeWatches watches) {
        Closer closer = new Closer();
        try {
            makeDirectories(config.layout());
            ContainerRuntime runtime =
                    new ContainerRuntime(
                            config, RuntimeParts.open(config, closer), watches, closer);
            runtime.findings.forEach(finding -> LOG.info("recovery: {}", finding));
            return runtime;
        } catch (IOException e) {
            closer.close();
            throw new KernelFaultException("could not open the runtime: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            closer.close();
            throw e;
        }
    }

    private static void makeDirectories(StateLayout layout) throws IOException {
        for (Path directory :
                List.of(
                        layout.runDir(),
                        layout.stateDir(),
                        layout.sandboxes(),
                        layout.containers(),
                        layout.sockets(),
                        layout.writableLayers())) {
            Trees.makePrivate(directory);
        }
        GroundLayer.make(layout.groundLayer());
    }

    private ContainerSettings containerSettings(MountCalls mounts, CgroupPlacement helpers) {
        return new ContainerSettings(
                config.layout(),
                helpers,
                Path.of("/dev"),
                FeatureProbe.recursiveReadonly(mounts, config.layout().stateDir()),
                () -> choices.get().createMissingMountSources(),
                () -> choices.get().cdiDirectories());
    }

    /// Shims and other helpers share one group: they die neither with this process's service nor
    /// count against a pod. It goes once the last of them has gone.
    private static Cgroup shimCgroup(CgroupManager cgroups, Closer closer) {
        Cgroup shims = cgroups.keep("shims");
        closer.add(() -> {
            // With containers that run on, the wait is in vain, and short.
            if (shims.emptiesWithin(SHIMS_END)) {
                shims.remove();
            } else {
                shims.occupied();
            }
        });
        return shims;
    }

    private static ProcessPolicy policy(RuntimeConfig config, SelinuxLabel selinux)
            throws IOException {
        HostBounds bounds = HostBounds.ofThisProcess();
        List<String> chosen = config.containers().defaultCapabilities();
        return new ProcessPolicy(
                new Capabilities(bounds.capabilities()),
                chosen.isEmpty() ? Capabilities.defaults() : Set.copyOf(chosen),
                new CompiledFilters(
                        new SeccompCompiler(
                                new LinuxSeccompCalls(), System.getProperty("os.version"))),
                AppArmorProfile.host(AppArmorParser.host()),
                selinux,
                bounds);
    }

    public RuntimeConfig config() {
        return config;
    }

    public SandboxManager sandboxes() {
        return sandboxes;
    }

    public ContainerManager containers() {
        return containers;
    }

    public ExecManager execs() {
        return execs;
    }

    public ImageStore images() {
        return parts.images();
    }

    public ImagePuller puller() {
        return puller;
    }

    /// From now on images are pulled and kept, and containers made, by these settings: which
    /// sources of mounts are made, and where devices are described.
    public void use(RuntimeConfig.Images images, RuntimeConfig.Containers chosen) {
        ImageSettings settings = RuntimeParts.images(images);
        puller.use(settings);
        parts.images().pin(settings.pinned());
        choices.set(chosen);
    }

    public ImageArchives archives() {
        return archives;
    }

    public NodeNetwork network() {
        return parts.network();
    }

    public CgroupManager cgroups() {
        return parts.cgroups();
    }

    /// Who makes cgroups: `cgroupfs` or `systemd`.
    public String cgroupDriver() {
        return parts.cgroups().driver().name().toLowerCase(Locale.ROOT);
    }

    /// How the host mounts its control groups: `v1`, `hybrid` or `v2`.
    public String cgroupVersion() {
        return parts.cgroups().mode().name().toLowerCase(Locale.ROOT);
    }

    /// Whether cgroup v2 alone is mounted: then a container can have a cgroup namespace of its own.
    public boolean unifiedCgroups() {
        return parts.cgroups().mode() == CgroupMode.V2;
    }

    /// What is being done at this moment.
    public WorkBoard work() {
        return work.board();
    }

    public StatsReader stats() {
        return stats;
    }

    /// All counters, for monitoring.
    public CounterReader counters() {
        return counters;
    }

    /// What recovery found that was not as it should be, one sentence each.
    public List<String> findings() {
        return findings;
    }

    /// Lets go of descriptors and threads. Containers run on.
    @Override
    public void close() {
        closer.close();
    }
}
