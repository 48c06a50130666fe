package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.network.AddressText;
import io.carpel.runtime.network.bridge.Links.Address;
import io.carpel.runtime.network.bridge.Links.Link;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The bridge on the host: made when the first sandbox needs it, and left when the last one goes.
///
/// It carries the range's first address, the sandboxes' gateway. Its hardware address is fixed:
/// otherwise the kernel would give it the lowest of its ports', which changes as sandboxes come and
/// go, under the eyes of neighbours that have cached it.
final class HostBridge {
    private static final Path SYSCTLS = Path.of("/proc/sys/net");

    private final BridgeConfig config;
    private final AddressPool pool;
    private final ReentrantLock lock = new ReentrantLock();

    // Index of the bridge that this process has set up; guarded by lock.
    private int configuredIndex = -1;

    HostBridge(BridgeConfig config, AddressPool pool) {
        this.config = config;
        this.pool = pool;
    }

    /// Makes sure that the bridge is there and set up.
    ///
    /// @return its index
    int ensure(Rtnetlink netlink) throws IOException {
        lock.lock();
        try {
            Optional<Link> present = Links.find(netlink, config.bridge());
            if (present.isPresent() && present.get().index() == configuredIndex) {
                return configuredIndex;
            }
            Link link = present.isPresent() ? present.get() : create(netlink);
            if (!link.kind().equals("bridge")) {
                throw new FailedPreconditionException(
                        "interface %s exists and is no bridge; set another name for the network's bridge"
                                .formatted(config.bridge()));
            }
            configure(netlink, link);
            configuredIndex = link.index();
            return configuredIndex;
        } finally {
            lock.unlock();
        }
    }

    boolean exists(Rtnetlink netlink) throws IOException {
        return Links.find(netlink, config.bridge()).isPresent();
    }

    private Link create(Rtnetlink netlink) throws IOException {
        refuseOverlap(netlink);
        byte[] mac = Veth.macOf(pool.gateway4());
        try {
            netlink.execute(List.of(Links.createBridge(config.bridge(), mac, config.mtu())));
        } catch (ErrnoException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
        }
        return Links.find(netlink, config.bridge())
                .orElseThrow(() -> new ErrnoException("netlink", config.bridge(), Errno.ENODEV));
    }

    /// Two networks with the same addresses would take each other's traffic.
    private void refuseOverlap(Rtnetlink netlink) throws IOException {
        for (Address address : Links.addresses(netlink)) {
            boolean inside =
                    pool.range4().contains(address.address())
                            || pool.range6()
                                    .map(range -> range.contains(address.address()))
                                    .orElse(false);
            if (inside) {
                throw new FailedPreconditionException(
                        "network range %s holds the address %s of the host's interface %s; set another range"
                                .formatted(
                                        pool.range4(),
                                        AddressText.of(address.address()),
                                        nameOf(netlink, address.index())));
            }
        }
    }

    private static String nameOf(Rtnetlink netlink, int index) throws IOException {
        for (Link link : Links.all(netlink)) {
            if (link.index() == index) {
                return link.name();
            }
        }
        return "number " + index;
    }

    private void configure(Rtnetlink netlink, Link link) throws IOException {
        var requests = new ArrayList<NetlinkRequest>();
        InetAddress gateway4 = pool.gateway4();
        requests.add(Links.addAddress(link, gateway4, pool.range4().prefix()));
        if (pool.range6().isPresent()) {
            requests.add(
                    Links.addAddress(
                            link, pool.gateway6().orElseThrow(), pool.range6().get().prefix()));
        }
        requests.add(Links.linkUp(link));
        netlink.execute(requests);
        sysctl(SYSCTLS.resolve("ipv4/ip_forward"), "1");
        // Lets a connection of the host to 127.0.0.1:port be led to a sandbox; the NAT table's
        // guard chain keeps sandboxes from using it the other way round.
        sysctl(
                SYSCTLS.resolve("ipv4/conf").resolve(config.bridge()).resolve("route_localnet"),
                "1");
        if (pool.range6().isPresent()) {
            sysctl(SYSCTLS.resolve("ipv6/conf/all/forwarding"), "1");
        }
    }

    /// Written only when it differs: `/proc/sys` may be read-only where the value is right already.
    private static void sysctl(Path file, String value) throws IOException {
        if (!Files.readString(file).strip().equals(value)) {
            Files.writeString(file, value);
        }
    }
}
