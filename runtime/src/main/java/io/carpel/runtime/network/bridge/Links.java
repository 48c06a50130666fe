package io.carpel.runtime.network.bridge;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.network.AddressText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The rtnetlink requests that the bridge network makes, and how their answers read.
final class Links {
    // linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/veth.h
    private static final int RTM_NEWLINK = 16;
    private static final int RTM_DELLINK = 17;
    private static final int RTM_GETLINK = 18;
    private static final int RTM_NEWADDR = 20;
    private static final int RTM_GETADDR = 22;
    private static final int RTM_NEWROUTE = 24;

    private static final int NLM_F_REQUEST = 1;
    private static final int NLM_F_ACK = 4;
    private static final int NLM_F_DUMP = 0x300;
    private static final int NLM_F_REPLACE = 0x100;
    private static final int NLM_F_EXCL = 0x200;
    private static final int NLM_F_CREATE = 0x400;
    private static final int CHANGE = NLM_F_REQUEST | NLM_F_ACK;
    private static final int CREATE = CHANGE | NLM_F_CREATE | NLM_F_EXCL;

    private static final int IFINFOMSG_SIZE = 16;
    private static final int IFADDRMSG_SIZE = 8;
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int IFLA_INFO_SLAVE_KIND = 4;
    private static final int IFLA_INFO_SLAVE_DATA = 5;
    private static final int IFLA_BRPORT_MODE = 4;
    private static final int VETH_INFO_PEER = 1;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_FLAGS = 8;
    private static final int IFA_F_NODAD = 2;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RT_TABLE_MAIN = 254;
    private static final int RTPROT_STATIC = 4;
    private static final int RTN_UNICAST = 1;
    private static final int IFF_UP = 1;

    private static final int AF_UNSPEC = 0;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    private Links() {}

    /// @param kind such as `bridge`; empty for an interface without driver information
    record Link(int index, String name, String kind) {}

    /// @param index of the interface that has the address
    record Address(int index, InetAddress address, int prefix) {}

    static Optional<Link> find(Rtnetlink netlink, String name) throws IOException {
        var request =
                new NetlinkRequest("get link " + name, RTM_GETLINK, NLM_F_REQUEST)
                        .linkHeader(0, 0, 0)
                        .attribute(IFLA_IFNAME, name);
        try {
            return Optional.of(link(netlink.get(request)));
        } catch (ErrnoException e) {
            if (e.is(Errno.ENODEV)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static List<Link> all(Rtnetlink netlink) throws IOException {
        var request =
                new NetlinkRequest("list links", RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP)
                        .linkHeader(0, 0, 0);
        var links = new ArrayList<Link>();
        for (NetlinkReply reply : netlink.dump(request)) {
            links.add(link(reply));
        }
        return links;
    }

    static Link link(NetlinkReply reply) throws IOException {
        if (reply.type() != RTM_NEWLINK || reply.payload().limit() < IFINFOMSG_SIZE) {
            throw new IOException("netlink answer: type %d is no link".formatted(reply.type()));
        }
        var attributes = reply.attributes(IFINFOMSG_SIZE);
        var name = attributes.get(IFLA_IFNAME);
        var info = attributes.get(IFLA_LINKINFO);
        var kind = info == null ? null : NetlinkReply.attributes(info, 0).get(IFLA_INFO_KIND);
        return new Link(
                reply.payload().getInt(4),
                name == null ? "" : NetlinkReply.string(name),
                kind == null ? "" : NetlinkReply.string(kind));
    }

    static List<Address> addresses(Rtnetlink netlink) throws IOException {
        var request =
                new NetlinkRequest("list addresses", RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP)
                        .fixed(AF_UNSPEC, 0, 0, 0)
                        .fixedInt(0);
        var addresses = new ArrayList<Address>();
        for (NetlinkReply reply : netlink.dump(request)) {
            if (reply.type() == RTM_NEWADDR && reply.payload().limit() >= IFADDRMSG_SIZE) {
                address(reply).ifPresent(addresses::add);
            }
        }
        return addresses;
    }

    private static Optional<Address> address(NetlinkReply reply) throws IOException {
        ByteBuffer raw = reply.attributes(IFADDRMSG_SIZE).get(IFA_ADDRESS);
        if (raw == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new Address(
                            reply.payload().getInt(4),
                            InetAddress.getByAddress(NetlinkReply.bytes(raw)),
                            Byte.toUnsignedInt(reply.payload().get(1))));
        } catch (UnknownHostException _) {
            return Optional.empty(); // neither 4 nor 16 bytes
        }
    }

    static NetlinkRequest createBridge(String name, byte[] mac, int mtu) {
        var request =
                new NetlinkRequest("create bridge " + name, RTM_NEWLINK, CREATE)
                        .linkHeader(0, 0, 0)
                        .attribute(IFLA_IFNAME, name)
                        .attribute(IFLA_ADDRESS, mac);
        withMtu(request, mtu);
        return request.nested(IFLA_LINKINFO, () -> request.attribute(IFLA_INFO_KIND, "bridge"));
    }

    /// The host's end, up and in the bridge at once; the other end, still down, in the namespace.
    static NetlinkRequest createVeth(Veth veth, int bridgeIndex, Fd namespace, int mtu) {
        var request =
                new NetlinkRequest("create veth " + veth.hostName(), RTM_NEWLINK, CREATE)
                        .linkHeader(0, IFF_UP, IFF_UP)
                        .attribute(IFLA_IFNAME, veth.hostName())
                        .attribute(IFLA_MASTER, bridgeIndex);
        withMtu(request, mtu);
        Runnable peer =
                () -> {
                    request.linkHeader(0, 0, 0)
                            .attribute(IFLA_IFNAME, veth.peerName())
                            .attribute(IFLA_ADDRESS, veth.peerMac())
                            .attribute(IFLA_NET_NS_FD, namespace.number());
                    withMtu(request, mtu);
                };
        return request.nested(
                IFLA_LINKINFO,
                () ->
                        request.attribute(IFLA_INFO_KIND, "veth")
                                .nested(
                                        IFLA_INFO_DATA,
                                        () -> request.nested(VETH_INFO_PEER, peer)));
    }

    /// Lets a frame leave through the port by which it came. Where bridged traffic passes netfilter
    /// (`br_netfilter`), a sandbox's connection to its own host port is turned round inside the
    /// bridge.
    static NetlinkRequest hairpin(Veth veth) {
        var request =
                new NetlinkRequest("set hairpin on " + veth.hostName(), RTM_NEWLINK, CHANGE)
                        .linkHeader(0, 0, 0)
                        .attribute(IFLA_IFNAME, veth.hostName());
        Runnable data = () -> request.attribute(IFLA_BRPORT_MODE, new byte[] {1});
        return request.nested(
                IFLA_LINKINFO,
                () ->
                        request.attribute(IFLA_INFO_SLAVE_KIND, "bridge")
                                .nested(IFLA_INFO_SLAVE_DATA, data));
    }

    private static void withMtu(NetlinkRequest request, int mtu) {
        if (mtu > 0) {
            request.attribute(IFLA_MTU, mtu);
        }
    }

    static NetlinkRequest deleteLink(String name) {
        return new NetlinkRequest("delete link " + name, RTM_DELLINK, CHANGE)
                .linkHeader(0, 0, 0)
                .attribute(IFLA_IFNAME, name);
    }

    static NetlinkRequest linkUp(Link link) {
        return new NetlinkRequest("set link %s up".formatted(link.name()), RTM_NEWLINK, CHANGE)
                .linkHeader(link.index(), IFF_UP, IFF_UP);
    }

    /// Without duplicate address detection: our own pool sees to that, and an IPv6 address would
    /// otherwise be unusable for a second.
    static NetlinkRequest addAddress(Link link, InetAddress address, int prefix) {
        return new NetlinkRequest(
                        "add address %s/%d to %s"
                                .formatted(AddressText.of(address), prefix, link.name()),
                        RTM_NEWADDR,
                        CHANGE | NLM_F_CREATE | NLM_F_REPLACE)
                .fixed(family(address), prefix, 0, 0)
                .fixedInt(link.index())
                .attribute(IFA_LOCAL, address.getAddress())
                .attribute(IFA_ADDRESS, address.getAddress())
                .attribute(IFA_FLAGS, IFA_F_NODAD);
    }

    static NetlinkRequest defaultRoute(Link link, InetAddress gateway) {
        return new NetlinkRequest(
                        "add default route via " + AddressText.of(gateway), RTM_NEWROUTE, CREATE)
                .fixed(family(gateway), 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, 0, RTN_UNICAST)
                .fixedInt(0)
                .attribute(RTA_GATEWAY, gateway.getAddress())
                .attribute(RTA_OIF, link.index());
    }

    private static int family(InetAddress address) {
        return address.getAddress().length == 4 ? AF_INET : AF_INET6;
    }
}
