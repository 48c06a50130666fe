package io.carpel.runtime.network.bridge;

import io.carpel.runtime.linux.NetlinkCalls;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.PortMapping.Protocol;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the kernel forget where datagrams to host ports went before.
///
/// A rule decides over the first datagram between two ports only, and connection tracking over all
/// that follow: a client that keeps its port would go on talking to a sandbox that is gone, or to
/// the host when it began before the sandbox was there. TCP ends by itself, UDP never does while
/// the client sends.
///
/// Listing is filtered by the kernel (since 5.8; an older one lists everything, so each entry is
/// looked at again), and what is found is deleted one by one.
final class StaleFlows {
    private static final Logger LOG = LoggerFactory.getLogger(StaleFlows.class);

    // linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h
    private static final int GET = 1 << 8 | 1;
    private static final int DELETE = 1 << 8 | 2;
    private static final int TUPLE_ORIGINAL = 1;
    private static final int TUPLE_REPLY = 2;
    private static final int ID = 12;
    private static final int FILTER = 25;
    private static final int FILTER_ORIGINAL = 1;
    private static final int TUPLE_IP = 1;
    private static final int TUPLE_PROTOCOL = 2;
    private static final int PROTOCOL_NUMBER = 1;
    private static final int PROTOCOL_DESTINATION = 3;
    private static final int FILTER_NUMBER = 1 << 3;
    private static final int FILTER_DESTINATION = 1 << 5;

    private static final int NLM_F_REQUEST = 1;
    private static final int NLM_F_ACK = 4;
    private static final int NLM_F_DUMP = 0x300;
    private static final int FIXED_SIZE = 4;

    // sys/socket.h, netinet/in.h
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int UDP = 17;

    private final NetlinkCalls calls;

    StaleFlows(NetlinkCalls calls) {
        this.calls = calls;
    }

    /// One direction of an entry: addresses as the kernel gives them.
    private record Tuple(ByteBuffer source, ByteBuffer destination) {}

    private record Flow(Tuple original, Tuple reply) {
        /// Nobody translated anything: it is between the client and this host.
        boolean untouched() {
            return original.source().equals(reply.destination())
                    && original.destination().equals(reply.source());
        }
    }

    /// Which flows to a host port of the sandbox with this address are stale.
    private interface Choice {
        boolean isStale(ByteBuffer own, Flow flow);
    }

    /// The sandbox has begun to listen: what went to this host itself comes to it from now on.
    void attached(NatEntry entry) {
        forget(entry, (_, flow) -> flow.untouched());
    }

    /// The sandbox has gone, and nothing may go to its address any more.
    void detached(NatEntry entry) {
        forget(entry, (own, flow) -> flow.reply().source().equals(own));
    }

    /// A failure is logged only: everything else of the sandbox's network is as it should be, and
    /// the kernel forgets by itself once the client pauses.
    private void forget(NatEntry entry, Choice choice) {
        List<Integer> ports =
                entry.ports().stream()
                        .filter(port -> port.protocol() == Protocol.UDP)
                        .map(PortMapping::hostPort)
                        .distinct()
                        .toList();
        if (ports.isEmpty()) {
            return;
        }
        try (Rtnetlink netlink = Rtnetlink.open(calls, NetlinkCalls.NETLINK_NETFILTER)) {
            for (int port : ports) {
                forget(netlink, entry.address4(), port, choice);
                if (entry.address6().isPresent()) {
                    forget(netlink, entry.address6().get(), port, choice);
                }
            }
        } catch (IOException e) {
            LOG.warn(
                    "connection tracking of udp ports {} could not be cleared: {}",
                    ports,
                    e.getMessage());
        }
    }

    private static void forget(Rtnetlink netlink, InetAddress address, int port, Choice choice)
            throws IOException {
        ByteBuffer own = ByteBuffer.wrap(address.getAddress());
        int family = address instanceof Inet4Address ? AF_INET : AF_INET6;
        var stale = new ArrayList<NetlinkRequest>();
        for (NetlinkReply reply : netlink.dump(list(family, port))) {
            Map<Integer, ByteBuffer> entry = reply.attributes(FIXED_SIZE);
            ByteBuffer original = entry.get(TUPLE_ORIGINAL);
            ByteBuffer answer = entry.get(TUPLE_REPLY);
            ByteBuffer id = entry.get(ID);
            if (original == null || answer == null || id == null || !isTo(original, port)) {
                continue;
            }
            if (choice.isStale(own, new Flow(tuple(original), tuple(answer)))) {
                stale.add(
                        request("delete", family, DELETE, NLM_F_ACK)
                                .attribute(
                                        TUPLE_ORIGINAL | NetlinkRequest.NESTED,
                                        NetlinkReply.bytes(original))
                                .attribute(ID, NetlinkReply.bytes(id)));
            }
        }
        for (NetlinkRequest request : stale) {
            netlink.executeUnlessGone(request);
        }
    }

    private static NetlinkRequest request(String what, int family, int type, int flags) {
        // struct nfgenmsg
        return new NetlinkRequest(what + " udp connection tracking", type, NLM_F_REQUEST | flags)
                .fixed(family, 0, 0, 0);
    }

    private static NetlinkRequest list(int family, int port) {
        NetlinkRequest request = request("list", family, GET, NLM_F_DUMP);
        return request.nested(
                        TUPLE_ORIGINAL,
                        () ->
                                request.nested(
                                        TUPLE_PROTOCOL,
                                        () ->
                                                request.attribute(
                                                                PROTOCOL_NUMBER,
                                                                new byte[] {(byte) UDP})
                                                        .attribute(
                                                                PROTOCOL_DESTINATION,
                                                                bigEndian(port))))
                .nested(
                        FILTER,
                        () ->
                                request.attribute(
                                        FILTER_ORIGINAL, FILTER_NUMBER | FILTER_DESTINATION));
    }

    private static byte[] bigEndian(int port) {
        return new byte[] {(byte) (port >> 8), (byte) port};
    }

    private static boolean isTo(ByteBuffer tuple, int port) throws IOException {
        ByteBuffer protocol = NetlinkReply.attributes(tuple, 0).get(TUPLE_PROTOCOL);
        if (protocol == null) {
            return false;
        }
        Map<Integer, ByteBuffer> parts = NetlinkReply.attributes(protocol, 0);
        ByteBuffer number = parts.get(PROTOCOL_NUMBER);
        ByteBuffer to = parts.get(PROTOCOL_DESTINATION);
        return number != null
                && number.get(0) == UDP
                && to != null
                && to.equals(ByteBuffer.wrap(bigEndian(port)));
    }

    /// Source and destination have the numbers 1 and 2 in IPv4, 3 and 4 in IPv6.
    private static Tuple tuple(ByteBuffer attribute) throws IOException {
        ByteBuffer addresses = NetlinkReply.attributes(attribute, 0).get(TUPLE_IP);
        if (addresses == null) {
            throw new IOException("netlink answer: a tracked connection without addresses");
        }
        Map<Integer, ByteBuffer> parts = NetlinkReply.attributes(addresses, 0);
        ByteBuffer source = parts.getOrDefault(1, parts.get(3));
        ByteBuffer destination = parts.getOrDefault(2, parts.get(4));
        if (source == null || destination == null) {
            throw new IOException("netlink answer: a tracked connection without addresses");
        }
        return new Tuple(source, destination);
    }
}
