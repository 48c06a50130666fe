package io.carpel.runtime.network.cni;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.lifecycle.KeyedLocks;
import io.carpel.runtime.network.AttachmentStore;
import io.carpel.runtime.network.NetworkKind;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.network.PodNetwork;
import io.carpel.runtime.network.cni.CniConfigLoader.Loaded;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A network made by CNI plugins.
///
/// Plugins are run from the calling thread, which stands in the host's network namespace. A plugin
/// that hangs costs its caller one timeout and nobody else anything.
public final class CniNetwork implements PodNetwork {
    private static final Logger LOG = LoggerFactory.getLogger(CniNetwork.class);

    private final CniConfig config;
    private final CniConfigLoader loader;
    private final CniPlugins plugins;
    private final CniRunner runner;
    private final StatusProbe probe;
    private final AttachmentStore<CniAttachment> store;
    private final Set<String> known = ConcurrentHashMap.newKeySet();
    private final KeyedLocks locks = new KeyedLocks("network of sandbox");
    // Read: plugins run for a sandbox. Write: GC runs.
    private final ReentrantReadWriteLock garbage = new ReentrantReadWriteLock();
    private final PodRanges ranges;
    private volatile Thread sweeper = Thread.ofPlatform().unstarted(() -> {});

    private CniNetwork(CniConfig config, AttachmentStore<CniAttachment> store, PodRanges ranges) {
        this.config = config;
        this.loader = new CniConfigLoader(config.configDirectory());
        this.plugins = new CniPlugins(config);
        this.runner = new CniRunner(plugins);
        this.probe = new StatusProbe(runner);
        this.store = store;
        this.ranges = ranges;
    }

    /// Runs nothing yet.
    ///
    /// @param stateDirectory holds one file per attached sandbox
    public static CniNetwork open(CniConfig config, Path stateDirectory) throws IOException {
        var store = AttachmentStore.open(stateDirectory, CniAttachment.class);
        var network = new CniNetwork(config, store, PodRanges.open(stateDirectory));
        network.known.addAll(network.store.ids());
        return network;
    }

    /// Whether the configuration directory holds a configuration, usable or not. One that cannot be
    /// read may hold one.
    public boolean isConfigured() {
        Loaded loaded = loader.load();
        return !loaded.files().isEmpty() || !loaded.problems().isEmpty();
    }

    /// Networks, in CIDR form, that plugins with the capability `ipRanges` are told from now on,
    /// also after a restart.
    public void useRanges(List<String> cidrs) {
        ranges.set(cidrs);
    }

    @Override
    public NetworkResult attach(NetworkRequest request) {
        String id = request.sandboxId();
        CniNetworkList network = usable(loader.load());
        CniRunner.args(request.args());
        runner.require(network);
        try (var _ = locks.lock(id, patience())) {
            if (!known.add(id)) {
                throw new AlreadyExistsException("sandbox %s has a network already".formatted(id));
            }
            var attachment =
                    CniAttachment.of(
                            network, request, CniCapabilities.of(request, ranges.get()).toString());
            garbage.readLock().lock();
            try {
                // Written before the first plugin runs: whatever happens from here on, DEL knows.
                store.put(id, attachment);
                CniResult last = runner.add(id, network, attachment);
                NetworkResult result = result(network, last);
                store.put(id, attachment.withResult(last));
                return result;
            } catch (ContainerRuntimeException failure) {
                undo(id, failure);
                throw failure;
            } finally {
                garbage.readLock().unlock();
            }
        }
    }

    private static NetworkResult result(CniNetworkList network, CniResult last) {
        List<String> addresses = last.addresses(NetworkRequest.INTERFACE_NAME);
        if (addresses.isEmpty()) {
            throw new KernelFaultException(
                    "cni network %s gave %s no address"
                            .formatted(network.name(), NetworkRequest.INTERFACE_NAME));
        }
        return new NetworkResult(
                addresses, NetworkRequest.INTERFACE_NAME, last.dns(), last.document().toString());
    }

    /// Undo has its own time: an interrupt of the caller must not cut it short. When it fails the
    /// record stays for detach and reconcile.
    private void undo(String id, ContainerRuntimeException failure) {
        boolean interrupted = Thread.interrupted();
        try {
            delete(id);
        } catch (ContainerRuntimeException e) {
            failure.addSuppressed(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void detach(NetworkRequest request) {
        String id = request.sandboxId();
        if (known.contains(id)) {
            try (var _ = locks.lock(id, patience())) {
                delete(id);
            } catch (ContainerRuntimeException e) {
                if (store.get(id).flatMap(CniAttachment::result).isPresent()) {
                    throw e;
                }
                // It never had a network: a plugin that is as broken now as it was then must not
                // keep
                // the sandbox from going away. The next start tries again.
                LOG.warn("sandbox {}: network that never came up: {}", id, e.getMessage());
            }
        }
    }

    private void delete(String id) {
        garbage.readLock().lock();
        try {
            Optional<CniAttachment> attachment = store.get(id);
            if (attachment.isPresent()) {
                runner.delete(id, parse(id, attachment.get()), attachment.get());
                store.delete(id);
            }
            known.remove(id);
        } finally {
            garbage.readLock().unlock();
        }
    }

    /// Asks the plugins whether the sandbox's network is still as they made it (CHECK).
    ///
    /// @throws ContainerRuntimeException when it is not
    public void check(NetworkRequest request) {
        String id = request.sandboxId();
        store.get(id).ifPresent(attachment -> runner.check(id, parse(id, attachment), attachment));
    }

    private static CniNetworkList parse(String id, CniAttachment attachment) {
        try {
            return CniNetworkList.parse(attachment.document().getBytes(StandardCharsets.UTF_8));
        } catch (CniConfigException e) {
            throw new KernelFaultException(
                    "sandbox %s: remembered network %s".formatted(id, e.getMessage()), e);
        }
    }

    /// Longer than one sandbox's plugins may take, so that the second caller sees the first's end.
    private Duration patience() {
        return config.timeout().multipliedBy(4);
    }

    private CniNetworkList usable(Loaded loaded) {
        return loaded.network().orElseThrow(() -> new UnavailableException(why(loaded)));
    }

    private String why(Loaded loaded) {
        return loaded.problems().isEmpty()
                ? "no cni network configuration in %s".formatted(config.configDirectory())
                : "no usable cni network configuration: " + String.join("; ", loaded.problems());
    }

    @Override
    public NetworkStatus status() {
        Loaded loaded = loader.load();
        String lastLoad = loaded.problems().isEmpty() ? "OK" : String.join("; ", loaded.problems());
        if (loaded.network().isEmpty()) {
            return new NetworkStatus(
                    false, why(loaded), NetworkKind.CNI, "", lastLoad, loaded.files());
        }
        CniNetworkList network = loaded.network().get();
        Optional<String> problem = missing(network).or(() -> probe.problem(network));
        return new NetworkStatus(
                problem.isEmpty(),
                problem.orElse(
                        "cni network %s, version %s".formatted(network.name(), network.version())),
                NetworkKind.CNI,
                network.name(),
                lastLoad,
                loaded.files());
    }

    private Optional<String> missing(CniNetworkList network) {
        List<String> missing =
                network.plugins().stream()
                        .map(CniNetworkList.Plugin::type)
                        .filter(type -> plugins.find(type).isEmpty())
                        .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "cni network %s: plugin %s is not in %s"
                                .formatted(
                                        network.name(),
                                        String.join(", ", missing),
                                        config.pluginDirectories()));
    }

    /// Returns at once: plugins may take long or hang, and nobody waits for what they free here.
    /// What fails is logged and tried again at the next start.
    @Override
    public List<String> reconcile(Set<String> liveSandboxIds) {
        Set<String> live = Set.copyOf(liveSandboxIds);
        Set<String> stale = new TreeSet<>(known);
        stale.removeAll(live);
        sweeper =
                Thread.ofPlatform().daemon().name("cni reconcile").start(() -> sweep(stale, live));
        return List.of();
    }

    private void sweep(Set<String> stale, Set<String> live) {
        for (String id : stale) {
            try (var _ = locks.lock(id, patience())) {
                delete(id);
            } catch (ContainerRuntimeException e) {
                LOG.warn("sandbox {} is gone, but not its network: {}", id, e.getMessage());
            }
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
        }
        loader.load().network().ifPresent(network -> collectGarbage(network, live));
    }

    /// The specification allows no ADD or DEL of the network beside GC. When some are under way
    /// already there is none until the next start: it is a safety net, and nothing waits for it.
    private void collectGarbage(CniNetworkList network, Set<String> live) {
        if (!runner.collectsGarbage(network) || !garbage.writeLock().tryLock()) {
            return;
        }
        try {
            Set<String> valid = new TreeSet<>(live);
            valid.addAll(known);
            runner.collectGarbage(network, valid).forEach(problem -> LOG.warn("{}", problem));
        } finally {
            garbage.writeLock().unlock();
        }
    }

    /// Waits for what [#reconcile] has started.
    boolean awaitReconciled(Duration timeout) throws InterruptedException {
        return sweeper.join(timeout);
    }

    @Override
    public void close() {
        sweeper.interrupt();
    }
}
