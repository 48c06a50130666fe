package io.carpel.runtime.network.bridge;

import io.carpel.runtime.network.AddressText;
import io.carpel.runtime.network.bridge.HostPorts.Listen;
import io.carpel.runtime.spec.PortMapping;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Writes nft(8) commands for the NAT table; a pure function of its arguments.
///
/// Sets hold the sandboxes' addresses, maps lead from a host port to a sandbox. Adding and removing
/// a sandbox is therefore a handful of elements, and the rules never change.
final class NatScript {
    /// Priorities of `linux/netfilter_ipv4.h`, as numbers: not every hook knows their names.
    private static final int RAW = -300;

    private static final int DSTNAT = -100;
    private static final int SRCNAT = 100;

    private final String table;
    private final String bridge;
    private final AddressRange range4;
    private final Optional<AddressRange> range6;

    NatScript(String table, String bridge, AddressRange range4, Optional<AddressRange> range6) {
        this.table = table;
        this.bridge = bridge;
        this.range4 = range4;
        this.range6 = range6;
    }

    /// Replaces the table, whatever it was, by one with these entries, in one transaction.
    String replaceTable(Collection<NatEntry> entries) {
        return dropTable()
                + "table inet %s {\n".formatted(table)
                + collections()
                + portChain()
                + hooks()
                + "}\n"
                + entries.stream().map(this::add).collect(Collectors.joining());
    }

    /// Removes the table; one that does not exist is no error.
    String dropTable() {
        return "table inet %1$s\ndelete table inet %1$s\n".formatted(table);
    }

    private static String collections() {
        return """
        set pods4 { type ipv4_addr; }
        set pods6 { type ipv6_addr; }
        map ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
        map ports6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        map bound4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
        map bound6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
        """;
    }

    /// A mapping bound to an address wins over one for all addresses; the two never share a port.
    private static String portChain() {
        return """
        chain hostports {
          meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @bound4
          meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @ports4
          meta l4proto { tcp, udp, sctp } dnat ip6 to ip6 daddr . meta l4proto . th dport map @bound6
          meta l4proto { tcp, udp, sctp } dnat ip6 to meta l4proto . th dport map @ports6
        }
        """;
    }

    /// - `guard`: route_localnet lets the host's own connections to 127.0.0.1 reach a sandbox; it
    ///   would also let sandboxes reach what listens on the host's loopback only (the class of
    ///   CVE-2020-8558). Answers to masqueraded connections are not hit: at this priority they
    ///   still carry the bridge's address.
    /// - `outgoing` handles the host's own connections to a host port.
    /// - `postrouting`: a connection that came to a host port from a sandbox, or from the host's
    ///   loopback, must be answered through the host, so it gets the bridge's address. Everything
    ///   else that leaves the range gets the host's.
    private String hooks() {
        String multicast4 = "224.0.0.0/4";
        String chains =
                """
                chain guard {
                  type filter hook prerouting priority %1$d;
                  iifname "%4$s" ip daddr 127.0.0.0/8 drop
                  iifname "%4$s" ip saddr 127.0.0.0/8 drop
                }
                chain incoming {
                  type nat hook prerouting priority %2$d;
                  fib daddr type local jump hostports
                }
                chain outgoing {
                  type nat hook output priority %2$d;
                  fib daddr type local jump hostports
                }
                chain postrouting {
                  type nat hook postrouting priority %3$d;
                  oifname "%4$s" ct status dnat ip saddr 127.0.0.0/8 masquerade
                  oifname "%4$s" ct status dnat ip saddr @pods4 masquerade
                  oifname "%4$s" ct status dnat ip6 saddr @pods6 masquerade
                  ip saddr @pods4 ip daddr != %5$s ip daddr != %6$s masquerade
                """
                        .formatted(RAW, DSTNAT, SRCNAT, bridge, range4, multicast4);
        String masquerade6 =
                range6.map(range ->
                                "  ip6 saddr @pods6 ip6 daddr != %s ip6 daddr != ff00::/8 masquerade\n"
                                        .formatted(range))
                        .orElse("");
        return chains + masquerade6 + "}\n";
    }

    /// Adds a sandbox; refused as a whole when one of its elements is there already.
    String add(NatEntry entry) {
        return elements(entry).stream()
                .map(e ->
                        "create element inet %s %s { %s%s }\n"
                                .formatted(table, e.in, e.key, e.value))
                .collect(Collectors.joining());
    }

    /// Removes a sandbox; refused as a whole when one of its elements is missing.
    String remove(NatEntry entry) {
        return elements(entry).stream()
                .map(e -> "delete element inet %s %s { %s }\n".formatted(table, e.in, e.key))
                .collect(Collectors.joining());
    }

    private record Element(String in, String key, String value) {}

    private static List<Element> elements(NatEntry entry) {
        var elements = new ArrayList<Element>();
        elements.add(new Element("pods4", AddressText.of(entry.address4()), ""));
        entry.address6()
                .ifPresent(
                        address -> elements.add(new Element("pods6", AddressText.of(address), "")));
        for (PortMapping port : entry.ports()) {
            Listen listen = Listen.of(port);
            if (listen.ipv4()) {
                elements.add(port(port, listen, "4", entry.address4()));
            }
            if (listen.ipv6() && entry.address6().isPresent()) {
                elements.add(port(port, listen, "6", entry.address6().get()));
            }
        }
        return elements;
    }

    private static Element port(
            PortMapping port, Listen listen, String family, InetAddress target) {
        String key = "%s . %d".formatted(port.protocol().lowerCase(), port.hostPort());
        String value = " : %s . %d".formatted(AddressText.of(target), port.containerPort());
        return listen.address()
                .map(address ->
                        new Element("bound" + family, AddressText.of(address) + " . " + key, value))
                .orElseGet(() -> new Element("ports" + family, key, value));
    }
}
