/// The built-in network: a bridge, a veth pair per sandbox, addresses from a range, masquerade and
/// host ports. It starts no process: links and addresses by rtnetlink, NAT by libnftables.
@NullMarked
package io.carpel.runtime.network.bridge;

import org.jspecify.annotations.NullMarked;
