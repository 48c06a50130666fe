/// The built-in network: a bridge, a veth pair per sandbox, addresses from a range, masquerade and
/// host ports. It starts no process: links and addresses by rtnetlink, NAT by libnftables.
///
/// What is on the host, and for how long: the bridge from the first sandbox on, for good; one
/// nftables table while there are sandboxes; a veth per sandbox until the kernel has taken its
/// namespace apart; one record per sandbox on disk, written before and deleted after everything
/// else of it.
///
/// Host ports are destination NAT on connections to any of the host's own addresses, the host's own
/// connections included. Those to 127.0.0.1 need `route_localnet` on the bridge, and the answers
/// need the bridge's address as source, so they are masqueraded; connections from outside keep
/// theirs. A port of the IPv6 loopback cannot be led on: the kernel has no such switch for it.
/// Forwarding is switched on for the host with the first bridge and stays on, for IPv6 only with an
/// IPv6 range (a host that learns its default route from router advertisements then needs
/// `accept_ra=2`). `StaleFlows` makes connection tracking forget datagrams of clients that keep
/// their port while a sandbox comes or goes.
@NullMarked
package io.carpel.runtime.network.bridge;

import org.jspecify.annotations.NullMarked;
