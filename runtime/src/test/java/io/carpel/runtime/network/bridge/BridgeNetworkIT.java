package io.carpel.runtime.network.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.LinuxNetlinkCalls;
import io.carpel.runtime.linux.LinuxNftablesCalls;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.TestNamespace;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.PortMapping.Protocol;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The bridge network on a host that is itself a network namespace, with another one behind a veth
/// pair as the outside world.
final class BridgeNetworkIT {
    private static final BridgeConfig CONFIG =
            new BridgeConfig("carpel0", "carpel", "10.77.0.0/24", Optional.of("fd77:1::/64"), 0);
    private static final String HOST_OUTSIDE = "192.0.2.1";
    private static final String WORLD = "192.0.2.2";

    @TempDir Path state;
    private final List<TestNamespace> namespaces = new ArrayList<>();
    private final List<BridgeNetwork> opened = new ArrayList<>();
    private TestNamespace host;
    private TestNamespace world;
    private BridgeNetwork network;

    @BeforeEach
    void makeHost() throws IOException {
        host = namespace("host");
        world = namespace("world");
        host.exec(
                "ip",
                "link",
                "add",
                "up0",
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                world.name());
        host.exec("ip", "addr", "add", HOST_OUTSIDE + "/24", "dev", "up0");
        host.exec("ip", "link", "set", "up0", "up");
        world.exec("ip", "addr", "add", WORLD + "/24", "dev", "eth0");
        world.exec("ip", "link", "set", "eth0", "up");
        network = open();
    }

    @AfterEach
    void removeNamespaces() throws IOException {
        for (BridgeNetwork each : opened) {
            close(each);
        }
        for (TestNamespace namespace : namespaces) {
            namespace.close();
        }
    }

    private TestNamespace namespace(String role) throws IOException {
        var namespace = TestNamespace.create(role);
        namespaces.add(namespace);
        return namespace;
    }

    private BridgeNetwork open() throws IOException {
        BridgeNetwork fresh =
                host.call(() ->
                        BridgeNetwork.open(
                                CONFIG,
                                state,
                                new BridgeNetwork.KernelCalls(
                                        new LinuxNetlinkCalls(),
                                        new LinuxNamespaceCalls(),
                                        new LinuxNftablesCalls())));
        opened.add(fresh);
        return fresh;
    }

    private static NetworkRequest request(String id, Path netns, PortMapping... ports) {
        return new NetworkRequest(
                id, id, netns, List.of(ports), Map.of(), Optional.empty(), Optional.empty());
    }

    private static PortMapping tcp(int hostPort, int containerPort, String hostIp) {
        return new PortMapping(Protocol.TCP, hostPort, containerPort, hostIp);
    }

    private NetworkResult attach(NetworkRequest request) throws IOException {
        return host.call(() -> network.attach(request));
    }

    /// Inside too: an empty bridge goes with its network.
    private void close(BridgeNetwork network) throws IOException {
        host.call(() -> {
            network.close();
            return true;
        });
    }

    private void detach(NetworkRequest request) throws IOException {
        host.call(() -> {
            network.detach(request);
            return true;
        });
    }

    @Test
    void sandboxesReachEachOtherAndTheWorld() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        NetworkResult first = attach(request("pod-a", a.file()));
        NetworkResult second = attach(request("pod-b", b.file()));

        assertThat(first.addresses()).containsExactly("10.77.0.2", "fd77:1::2");
        assertThat(second.primaryAddress()).contains("10.77.0.3");
        try (var _ = b.serve("0.0.0.0", 8080)) {
            assertThat(a.ask("10.77.0.3", 8080)).isEqualTo("10.77.0.2");
        }
        try (var _ = b.serve("::", 8081)) {
            assertThat(a.ask("fd77:1::3", 8081)).isEqualTo("fd77:1:0:0:0:0:0:2");
        }
        a.exec("busybox", "ping", "-c", "1", "-W", "3", "10.77.0.3");
        try (var _ = world.serve(WORLD, 8080)) {
            assertThat(a.ask(WORLD, 8080)).as("masqueraded").isEqualTo(HOST_OUTSIDE);
        }
    }

    @Test
    void hostPortsAreReachedFromEverywhere() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        attach(request("pod-a", a.file(), tcp(8000, 80, "")));
        attach(request("pod-b", b.file(), tcp(8001, 80, "127.0.0.1")));
        try (var _ = a.serve("0.0.0.0", 80);
                var _ = b.serve("0.0.0.0", 80)) {
            assertThat(world.ask(HOST_OUTSIDE, 8000)).as("source is kept").isEqualTo(WORLD);
            assertThat(host.ask("127.0.0.1", 8000)).isEqualTo("10.77.0.1");
            assertThat(host.ask(HOST_OUTSIDE, 8000)).isEqualTo(HOST_OUTSIDE);
            assertThat(b.ask(HOST_OUTSIDE, 8000)).as("through the host").isEqualTo("10.77.0.1");
            assertThat(a.ask(HOST_OUTSIDE, 8000)).as("to itself").isEqualTo("10.77.0.1");
            assertThat(host.ask("127.0.0.1", 8001)).isEqualTo("10.77.0.1");
            assertThatThrownBy(() -> world.ask(HOST_OUTSIDE, 8001))
                    .as("bound to the loopback address")
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void sandboxesDoNotReachTheHostsLoopback() throws IOException {
        var a = namespace("a");
        attach(request("pod-a", a.file()));
        a.exec("ip", "route", "add", "127.9.9.9/32", "via", "10.77.0.1", "table", "local");
        a.exec("busybox", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet");
        try (var _ = host.serve("127.9.9.9", 7000)) {
            assertThat(host.ask("127.9.9.9", 7000)).isEqualTo("127.0.0.1");
            a.exec("ip", "route", "del", "local", "127.0.0.0/8", "dev", "lo", "table", "local");
            a.exec("ip", "route", "add", "127.9.9.9/32", "via", "10.77.0.1", "src", "10.77.0.2");
            assertThatThrownBy(() -> a.ask("127.9.9.9", 7000)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void takenHostPortIsRefusedAndNothingIsLeft() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        attach(request("pod-a", a.file(), tcp(8000, 80, "")));
        assertThatThrownBy(() -> attach(request("pod-b", b.file(), tcp(8000, 81, ""))))
                .isInstanceOf(AlreadyExistsException.class)
                .hasMessage("host port 8000/tcp is taken by sandbox pod-a");
        assertThat(b.exec("ip", "-o", "link")).doesNotContain("eth0");
        assertThat(state.resolve("pod-b.json")).doesNotExist();
        assertThatThrownBy(() -> attach(request("pod-a", a.file())))
                .isInstanceOf(AlreadyExistsException.class);
        assertThat(attach(request("pod-b", b.file(), tcp(8001, 80, ""))).addresses()).hasSize(2);
    }

    @Test
    void lastDetachLeavesOnlyTheBridge() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        var withPort = request("pod-a", a.file(), tcp(8000, 80, ""));
        attach(withPort);
        attach(request("pod-b", b.file()));
        assertThat(host.exec("nft", "list", "ruleset")).contains("10.77.0.2 . 80");

        detach(withPort);
        detach(withPort);
        assertThat(host.exec("nft", "list", "ruleset"))
                .doesNotContain("10.77.0.2")
                .contains("10.77.0.3");
        b.close();
        namespaces.remove(b);
        detach(request("pod-b", b.file()));

        assertThat(host.exec("nft", "list", "ruleset")).isEmpty();
        assertThat(state).isEmptyDirectory();
        assertThat(host.exec("ip", "-o", "link")).contains("carpel0");
        close(network);
        assertThat(host.exec("ip", "-o", "link")).doesNotContain("carpel0");
    }

    @Test
    void missingNamespaceIsNamedAndNothingIsLeft() throws IOException {
        assertThatThrownBy(() -> attach(request("pod-a", Path.of("/run/netns/none"))))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("/run/netns/none");
        assertThat(state).isEmptyDirectory();
        assertThat(host.exec("ip", "-o", "link")).doesNotContain("cplv");
    }

    @Test
    void anotherProcessGoesOnAndFreesWhatDied() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        attach(request("pod-a", a.file(), tcp(8000, 80, "")));
        attach(request("pod-b", b.file(), tcp(8001, 80, "")));

        network = open();
        var c = namespace("c");
        assertThat(attach(request("pod-c", c.file())).primaryAddress()).contains("10.77.0.4");
        assertThat(host.<List<String>>call(() -> network.reconcile(Set.of("pod-a", "pod-c"))))
                .isEmpty();

        assertThat(b.exec("ip", "-o", "link")).doesNotContain("eth0");
        assertThat(host.exec("nft", "list", "ruleset"))
                .contains("10.77.0.2 . 80")
                .doesNotContain("10.77.0.3");
        try (var _ = a.serve("0.0.0.0", 80)) {
            assertThat(host.ask("127.0.0.1", 8000)).isEqualTo("10.77.0.1");
        }
    }

    @Test
    void flushedRulesComeBackWithTheNextChange() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        attach(request("pod-a", a.file(), tcp(8000, 80, "")));
        host.exec("nft", "flush", "ruleset");
        attach(request("pod-b", b.file()));
        assertThat(host.exec("nft", "list", "ruleset")).contains("10.77.0.2 . 80");
    }

    @Test
    void forwardingIsOpenedWhereTheHostDropsIt() throws IOException {
        host.exec("nft", "add table ip filter");
        host.exec(
                "nft",
                "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }");
        var a = namespace("a");
        var request = request("pod-a", a.file(), tcp(8000, 80, ""));
        attach(request);
        try (var _ = world.serve(WORLD, 8080);
                var _ = a.serve("0.0.0.0", 80)) {
            assertThat(a.ask(WORLD, 8080)).isEqualTo(HOST_OUTSIDE);
            assertThat(world.ask(HOST_OUTSIDE, 8000)).isEqualTo(WORLD);
        }
        detach(request);
        assertThat(host.exec("nft", "list", "ruleset")).doesNotContain("carpel0");
    }

    @Test
    void overlappingRangeIsRefused() throws IOException {
        host.exec("ip", "addr", "add", "10.77.0.9/32", "dev", "up0");
        var a = namespace("a");
        assertThatThrownBy(() -> attach(request("pod-a", a.file())))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("10.77.0.9")
                .hasMessageContaining("up0");
        assertThat(state).isEmptyDirectory();
    }

    @Test
    void manyAtOnceDoNotDisturbEachOther() throws Exception {
        var pods = new ArrayList<TestNamespace>();
        for (int i = 0; i < 16; i++) {
            pods.add(namespace("pod" + i));
        }
        var addresses = new ConcurrentLinkedQueue<String>();
        for (boolean up : List.of(true, false)) {
            host.call(() -> {
                var threads = new ArrayList<Thread>();
                for (int i = 0; i < pods.size(); i++) {
                    var request = request("pod-" + i, pods.get(i).file(), tcp(8000 + i, 80, ""));
                    // A thread stands in the namespace of the one that starts it.
                    Runnable work =
                            up
                                    ? () -> addresses.addAll(network.attach(request).addresses())
                                    : () -> network.detach(request);
                    threads.add(Thread.ofPlatform().start(work));
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                return true;
            });
            if (up) {
                assertThat(addresses).hasSize(32).doesNotHaveDuplicates();
                try (var _ = pods.get(9).serve("0.0.0.0", 80)) {
                    assertThat(host.ask("127.0.0.1", 8009)).isEqualTo("10.77.0.1");
                }
            }
        }
        assertThat(host.exec("nft", "list", "ruleset")).isEmpty();
        assertThat(state).isEmptyDirectory();
    }

    @Test
    void datagramsReachHostPortsToo() throws IOException {
        var a = namespace("a");
        attach(request("pod-a", a.file(), new PortMapping(Protocol.UDP, 5300, 53, "")));
        try (DatagramSocket server =
                a.call(() -> new DatagramSocket(new InetSocketAddress("10.77.0.2", 53)))) {
            server.setSoTimeout(5000);
            world.call(() -> {
                try (var client = new DatagramSocket()) {
                    byte[] text = {'h', 'i'};
                    client.send(
                            new DatagramPacket(text, 2, new InetSocketAddress(HOST_OUTSIDE, 5300)));
                }
                return true;
            });
            var received = new DatagramPacket(new byte[8], 8);
            server.receive(received);
            assertThat(received.getLength()).isEqualTo(2);
            assertThat(received.getAddress().getHostAddress()).isEqualTo(WORLD);
        }
    }

    /// The client keeps its socket, as a resolver does: each datagram is between the same ports.
    @Test
    void aClientThatKeepsItsPortFindsWhoeverHasTheHostPortNow() throws Exception {
        var port = new PortMapping(Protocol.UDP, 5300, 53, "");
        var target = new InetSocketAddress(HOST_OUTSIDE, 5300);
        try (DatagramSocket client = world.call(DatagramSocket::new);
                DatagramSocket onHost =
                        host.call(() ->
                                new DatagramSocket(new InetSocketAddress(HOST_OUTSIDE, 5300)))) {
            client.send(new DatagramPacket(new byte[] {'0'}, 1, target));
            assertThat(receive(onHost)).isEqualTo('0');
            // What the host itself was sent before now goes to the sandbox, and when another one
            // has taken over, to that. No sandbox is given the address of the last one.
            for (int number = 1; number <= 3; number++) {
                var pod = namespace("pod" + number);
                var request = request("pod-" + number, pod.file(), port);
                String address = attach(request).addresses().getFirst();
                try (DatagramSocket server =
                        pod.call(() -> new DatagramSocket(new InetSocketAddress(address, 53)))) {
                    client.send(new DatagramPacket(new byte[] {(byte) ('0' + number)}, 1, target));
                    assertThat(receive(server))
                            .as("pod %d at %s", number, address)
                            .isEqualTo('0' + number);
                }
                detach(request);
            }
            client.send(new DatagramPacket(new byte[] {'9'}, 1, target));
            assertThat(receive(onHost)).isEqualTo('9');
        }
    }

    private static int receive(DatagramSocket socket) throws IOException {
        var received = new DatagramPacket(new byte[8], 8);
        socket.setSoTimeout(5000);
        socket.receive(received);
        return received.getData()[0];
    }
}
