package io.carpel.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.network.AttachmentStore;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.TestNamespace;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.PortMapping.Protocol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Debian's plugins, run on a host that is itself a network namespace.
final class CniNetworkIT {
    private static final Path DEBIAN_PLUGINS = Path.of("/usr/lib/cni");

    @TempDir Path directory;
    private final List<TestNamespace> namespaces = new ArrayList<>();
    private TestNamespace host;
    private CniNetwork network;

    @BeforeEach
    void makeHost() throws IOException {
        host = namespace("host");
        Files.createDirectories(directory.resolve("conf"));
        // host-local keeps its leases in a directory of the host, not of the namespace.
        Files.writeString(
                directory.resolve("conf/10-test.conflist"),
                """
                {
                  "cniVersion": "1.0.0",
                  "name": "carpeltest",
                  "plugins": [
                    {"type": "loopback"},
                    {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
                     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.66.0.0/24"}]],
                              "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "%s"}},
                    {"type": "portmap", "capabilities": {"portMappings": true}},
                    {"type": "firewall"}
                  ]
                }
                """
                        .formatted(directory.resolve("leases")));
        network = open();
    }

    @AfterEach
    void removeNamespaces() throws IOException {
        for (TestNamespace namespace : namespaces) {
            namespace.close();
        }
    }

    private TestNamespace namespace(String role) throws IOException {
        var namespace = TestNamespace.create(role);
        namespaces.add(namespace);
        return namespace;
    }

    private CniNetwork open() throws IOException {
        return CniNetwork.open(
                new CniConfig(
                        directory.resolve("conf"), List.of(DEBIAN_PLUGINS), Duration.ofSeconds(30)),
                directory.resolve("state"));
    }

    private static NetworkRequest request(String id, TestNamespace pod, PortMapping... ports) {
        return new NetworkRequest(
                id,
                id,
                pod.file(),
                List.of(ports),
                Map.of("K8S_POD_NAME", id),
                Optional.empty(),
                Optional.empty());
    }

    private NetworkResult attach(NetworkRequest request) throws IOException {
        return host.call(() -> network.attach(request));
    }

    private void detach(NetworkRequest request) throws IOException {
        host.call(() -> {
            network.detach(request);
            return true;
        });
    }

    private List<Path> leases() throws IOException {
        try (var files = Files.walk(directory.resolve("leases"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("10.66."))
                    .toList();
        }
    }

    @Test
    void chainGivesAddressesAndHostPorts() throws IOException {
        var a = namespace("a");
        var b = namespace("b");
        var withPort = request("pod-a", a, new PortMapping(Protocol.TCP, 8000, 80, ""));
        NetworkResult first = attach(withPort);
        NetworkResult second = attach(request("pod-b", b));

        assertThat(first.addresses()).containsExactly("10.66.0.2");
        assertThat(second.addresses()).containsExactly("10.66.0.3");
        assertThat(network.status().message()).isEqualTo("cni network carpeltest, version 1.0.0");
        host.call(() -> {
            network.check(request("pod-b", b));
            return true;
        });
        try (var _ = a.serve("0.0.0.0", 80)) {
            assertThat(b.ask("10.66.0.2", 80)).isEqualTo("10.66.0.3");
            assertThat(host.ask("10.66.0.1", 8000)).isNotEmpty();
            assertThat(host.ask("127.0.0.1", 8000)).isEqualTo("10.66.0.1");
        }

        network = open(); // another life: what was attached is known from disk
        detach(withPort);
        detach(withPort);
        assertThat(a.exec("ip", "-o", "link")).doesNotContain("eth0");
        assertThat(host.exec("nft", "list", "ruleset")).doesNotContain("10.66.0.2");
        assertThat(leases())
                .extracting(file -> file.getFileName().toString())
                .containsExactly("10.66.0.3");
        assertThat(directory.resolve("state/pod-a.json")).doesNotExist();
    }

    @Test
    void checkNoticesWhatIsGone() throws IOException {
        var a = namespace("a");
        attach(request("pod-a", a));
        a.exec("ip", "link", "del", "eth0");
        assertThatThrownBy(() ->
                        host.call(() -> {
                            network.check(request("pod-a", a));
                            return true;
                        }))
                .hasMessageContaining("cni plugin bridge (CHECK) failed");
    }

    @Test
    void namespaceThatIsGoneIsNoHindrance() throws IOException {
        var a = namespace("a");
        var request = request("pod-a", a, new PortMapping(Protocol.TCP, 8000, 80, ""));
        attach(request);
        a.close();
        namespaces.remove(a);
        detach(request);
        assertThat(leases()).isEmpty();
        // The bridge plugin looks for its masquerade rule only through the namespace; portmap does
        // not.
        assertThat(host.exec("nft", "list", "ruleset")).doesNotContain("8000");
    }

    @Test
    void deathBetweenAddAndRememberingTheResultLeavesNothing() throws Exception {
        var a = namespace("a");
        attach(request("pod-a", a));
        // What the disk holds when the process is killed right after the plugins have ended.
        var store = AttachmentStore.open(directory.resolve("state"), CniAttachment.class);
        var whole = store.get("pod-a").orElseThrow();
        store.put(
                "pod-a",
                new CniAttachment(
                        whole.document(),
                        whole.netns(),
                        whole.args(),
                        whole.capabilities(),
                        Optional.empty()));
        network = open();
        host.call(() ->
                network.reconcile(Set.of()).isEmpty()
                        && network.awaitReconciled(Duration.ofSeconds(30)));
        assertThat(leases()).isEmpty();
        assertThat(a.exec("ip", "-o", "link")).doesNotContain("eth0");
        assertThat(directory.resolve("state")).isEmptyDirectory();
    }
}
