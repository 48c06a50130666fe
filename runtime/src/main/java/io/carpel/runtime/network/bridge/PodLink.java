package io.carpel.runtime.network.bridge;

import io.carpel.runtime.lifecycle.NamespaceThread;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.NamespaceCalls;
import io.carpel.runtime.linux.NamespaceKind;
import io.carpel.runtime.linux.NetlinkCalls;
import io.carpel.runtime.network.bridge.AddressPool.Lease;
import io.carpel.runtime.network.bridge.Links.Link;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Sets up a sandbox's end of its veth pair, inside its namespace: up, addresses, default routes.
final class PodLink {
    private final NetlinkCalls netlinkCalls;
    private final NamespaceCalls namespaces;
    private final AddressPool pool;

    PodLink(NetlinkCalls netlinkCalls, NamespaceCalls namespaces, AddressPool pool) {
        this.netlinkCalls = netlinkCalls;
        this.namespaces = namespaces;
        this.pool = pool;
    }

    void configure(Fd namespace, String interfaceName, Lease lease) throws IOException {
        NamespaceThread.call(
                "network",
                () -> {
                    namespaces.setns(namespace, NamespaceKind.NET);
                    try (Rtnetlink netlink = Rtnetlink.open(netlinkCalls)) {
                        Link link =
                                Links.find(netlink, interfaceName)
                                        .orElseThrow(() ->
                                                new ErrnoException(
                                                        "netlink", interfaceName, Errno.ENODEV));
                        netlink.execute(requests(link, lease));
                    }
                    return true;
                });
    }

    private List<NetlinkRequest> requests(Link link, Lease lease) {
        var requests = new ArrayList<NetlinkRequest>();
        requests.add(Links.linkUp(link));
        requests.add(Links.addAddress(link, lease.address4(), pool.range4().prefix()));
        requests.add(Links.defaultRoute(link, pool.gateway4()));
        lease.address6()
                .ifPresent(address -> {
                    int prefix = pool.range6().orElseThrow().prefix();
                    requests.add(Links.addAddress(link, address, prefix));
                    requests.add(Links.defaultRoute(link, pool.gateway6().orElseThrow()));
                });
        return requests;
    }
}
