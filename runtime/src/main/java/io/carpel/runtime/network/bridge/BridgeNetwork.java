package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.NamespaceCalls;
import io.carpel.runtime.linux.NetlinkCalls;
import io.carpel.runtime.linux.NftablesCalls;
import io.carpel.runtime.network.AddressText;
import io.carpel.runtime.network.AttachmentStore;
import io.carpel.runtime.network.NetworkKind;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.network.PodNetwork;
import io.carpel.runtime.network.bridge.AddressPool.Lease;
import io.carpel.runtime.network.bridge.HostPorts.Listen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The built-in network. All calls are made from threads that stand in the host's network
/// namespace.
///
/// Detach gives address and NAT back at once and leaves the interfaces alone: they go with the
/// sandbox's namespace, which the kernel takes apart in its own time. Deleting them here would wait
/// for that.
public final class BridgeNetwork implements PodNetwork {
    private static final Logger LOG = LoggerFactory.getLogger(BridgeNetwork.class);

    private final BridgeConfig config;
    private final NetlinkCalls netlinkCalls;
    private final NamespaceCalls namespaces;
    private final NftablesCalls nftables;
    private final AttachmentStore<BridgeAttachment> store;
    private final AddressPool pool;
    private final HostPorts ports = new HostPorts();
    private final HostBridge bridge;
    private final PodLink podLink;
    private final NatTable nat;
    private final StaleFlows flows;
    private final Map<String, BridgeAttachment> attached = new ConcurrentHashMap<>();
    private volatile boolean nftablesWork;
    private volatile boolean unreadable;

    private BridgeNetwork(
            BridgeConfig config, KernelCalls calls, AttachmentStore<BridgeAttachment> store) {
        this.config = config;
        this.netlinkCalls = calls.netlink();
        this.namespaces = calls.namespaces();
        this.nftables = calls.nftables();
        this.store = store;
        this.pool =
                new AddressPool(
                        AddressRange.parse("network range", config.range4()),
                        config.range6().map(text -> AddressRange.parse("network range", text)));
        this.bridge = new HostBridge(config, pool);
        this.flows = new StaleFlows(netlinkCalls);
        this.podLink = new PodLink(netlinkCalls, namespaces, pool);
        this.nat =
                new NatTable(
                        nftables,
                        new NatScript(
                                config.table(), config.bridge(), pool.range4(), pool.range6()),
                        new ForwardRules(nftables, config.bridge()));
    }

    /// The kernel as this network uses it; the network closes what can be closed.
    public record KernelCalls(
            NetlinkCalls netlink, NamespaceCalls namespaces, NftablesCalls nftables) {}

    /// Reads what sandboxes have from an earlier life; changes nothing on the host yet.
    ///
    /// @param stateDirectory holds one file per attached sandbox
    public static BridgeNetwork open(BridgeConfig config, Path stateDirectory, KernelCalls calls)
            throws IOException {
        var network =
                new BridgeNetwork(
                        config,
                        calls,
                        AttachmentStore.open(stateDirectory, BridgeAttachment.class));
        network.restore();
        return network;
    }

    private void restore() throws IOException {
        var entries = new HashMap<String, NatEntry>();
        store.loadAll()
                .forEach((id, attachment) -> {
                    NatEntry entry;
                    try {
                        entry = attachment.natEntry();
                        ports.take(id, attachment.ports());
                    } catch (InvalidArgumentException | AlreadyExistsException e) {
                        LOG.warn("sandbox {}: network record: {}", id, e.getMessage());
                        unreadable = true;
                        return;
                    }
                    if (!pool.claim(id, entry.address4())) {
                        LOG.warn("sandbox {}: address {} is taken", id, entry.address4());
                    }
                    attached.put(id, attachment);
                    entries.put(id, entry);
                });
        nat.restore(entries);
    }

    @Override
    public NetworkResult attach(NetworkRequest request) {
        String id = request.sandboxId();
        checkPorts(request);
        try (var undo = new Rollback()) {
            Lease lease = pool.take(id);
            undo.add(() -> pool.release(id, lease.address4()));
            ports.take(id, request.ports());
            undo.add(() -> ports.release(id, request.ports()));
            remember(request, lease, undo);
            try (Fd namespace = openNamespace(request)) {
                connect(request, lease, namespace, undo);
            }
            undo.add(() -> nat.remove(id));
            NatEntry entry = new NatEntry(lease.address4(), lease.address6(), request.ports());
            nat.add(id, entry);
            undo.commit();
            flows.attached(entry);
            return BridgeResult.of(config, pool, lease, request);
        } catch (IOException e) {
            throw new KernelFaultException(
                    "sandbox %s (%s): cannot be attached to %s: %s"
                            .formatted(id, request.name(), config.bridge(), e.getMessage()),
                    e);
        }
    }

    private void checkPorts(NetworkRequest request) {
        for (var port : request.ports()) {
            Listen listen = Listen.of(port);
            if (!listen.ipv4() && pool.range6().isEmpty()) {
                throw new InvalidArgumentException(
                        "host ip %s: the network %s has no IPv6 range"
                                .formatted(port.hostIp(), config.bridge()));
            }
        }
    }

    private void remember(NetworkRequest request, Lease lease, Rollback undo) {
        String id = request.sandboxId();
        var attachment =
                new BridgeAttachment(
                        AddressText.of(lease.address4()),
                        lease.address6().map(AddressText::of),
                        request.ports());
        if (attached.putIfAbsent(id, attachment) != null) {
            throw new AlreadyExistsException("sandbox %s has a network already".formatted(id));
        }
        undo.add(() -> attached.remove(id));
        undo.add(() -> store.delete(id));
        store.put(id, attachment);
    }

    private Fd openNamespace(NetworkRequest request) throws IOException {
        try {
            return namespaces.open(request.netnsFile());
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                throw new FailedPreconditionException(
                        "sandbox %s: its network namespace %s does not exist"
                                .formatted(request.sandboxId(), request.netnsFile()));
            }
            throw e;
        }
    }

    private void connect(NetworkRequest request, Lease lease, Fd namespace, Rollback undo)
            throws IOException {
        var veth =
                new Veth(
                        Veth.hostNameOf(request.sandboxId()),
                        NetworkRequest.INTERFACE_NAME,
                        lease.address4());
        try (Rtnetlink netlink = Rtnetlink.open(netlinkCalls)) {
            int master = bridge.ensure(netlink);
            var requests = new ArrayList<NetlinkRequest>();
            requests.add(Links.createVeth(veth, master, namespace, config.mtu()));
            if (!request.ports().isEmpty()) {
                requests.add(Links.hairpin(veth));
            }
            undo.add(() -> deleteLink(veth.hostName()));
            netlink.execute(requests);
        }
        podLink.configure(namespace, veth.peerName(), lease);
    }

    private void deleteLink(String name) throws IOException {
        try (Rtnetlink netlink = Rtnetlink.open(netlinkCalls)) {
            netlink.execute(List.of(Links.deleteLink(name)));
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENODEV)) {
                throw e;
            }
        }
    }

    @Override
    public void detach(NetworkRequest request) {
        forget(request.sandboxId());
    }

    private void forget(String id) {
        BridgeAttachment attachment = attached.get(id);
        if (attachment == null) {
            return;
        }
        try {
            nat.remove(id);
        } catch (IOException e) {
            throw new KernelFaultException(
                    "sandbox %s: cannot remove its host ports: %s".formatted(id, e.getMessage()),
                    e);
        }
        flows.detached(attachment.natEntry());
        // The record goes first: an address given out again must not have two records.
        store.delete(id);
        attached.remove(id);
        ports.release(id, attachment.ports());
        pool.release(id, attachment.natEntry().address4());
    }

    @Override
    public NetworkStatus status() {
        String message =
                "built-in bridge %s with %s%s"
                        .formatted(
                                config.bridge(),
                                pool.range4(),
                                pool.range6().map(range -> " and " + range).orElse(""));
        Optional<String> problem = nftablesProblem();
        return new NetworkStatus(
                problem.isEmpty(),
                problem.orElse(message),
                NetworkKind.BRIDGE,
                config.bridge(),
                "OK",
                List.of());
    }

    private Optional<String> nftablesProblem() {
        if (!nftablesWork) {
            try {
                nftables.run("list tables");
                nftablesWork = true;
            } catch (IOException e) {
                return Optional.of(
                        "built-in bridge %s needs nftables: %s"
                                .formatted(config.bridge(), e.getMessage()));
            }
        }
        return Optional.empty();
    }

    @Override
    public List<String> reconcile(Set<String> liveSandboxIds) {
        var problems = new ArrayList<String>();
        for (String id : List.copyOf(attached.keySet())) {
            if (!liveSandboxIds.contains(id)) {
                try {
                    forget(id);
                    deleteLink(Veth.hostNameOf(id));
                } catch (KernelFaultException | IOException e) {
                    problems.add(String.valueOf(e.getMessage()));
                }
            }
        }
        try {
            resetNat();
        } catch (IOException e) {
            problems.add("nftables table %s: %s".formatted(config.table(), e.getMessage()));
        }
        return problems;
    }

    /// On a host that never had our bridge there can be nothing of ours, and nftables is not
    /// touched.
    private void resetNat() throws IOException {
        try (Rtnetlink netlink = Rtnetlink.open(netlinkCalls)) {
            if (attached.isEmpty() && !bridge.exists(netlink)) {
                return;
            }
            if (!attached.isEmpty()) {
                bridge.ensure(netlink);
            }
        }
        var entries = new HashMap<String, NatEntry>();
        attached.forEach((id, attachment) -> entries.put(id, attachment.natEntry()));
        nat.reset(entries);
    }

    /// Holds nothing open, and sandboxes outlive this process. The table goes with the last of
    /// them, and so does the bridge when there is none in the end.
    @Override
    public void close() {
        if (!attached.isEmpty() || unreadable) {
            return;
        }
        try {
            deleteLink(config.bridge());
        } catch (IOException e) {
            LOG.warn("bridge {} stays: {}", config.bridge(), e.getMessage());
        }
    }
}
