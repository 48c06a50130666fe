package io.carpel.runtime.network.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.LinuxNetlinkCalls;
import io.carpel.runtime.linux.NftablesCalls;
import io.carpel.runtime.network.NetworkKind;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.bridge.BridgeConfig;
import io.carpel.runtime.network.bridge.BridgeNetwork;
import io.carpel.runtime.network.cni.CniConfig;
import io.carpel.runtime.network.node.NetworkConfig.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeNetworkTest {
    @TempDir Path directory;

    /// A host without nftables, or with.
    private record Nftables(boolean present) implements NftablesCalls {
        @Override
        public String run(String commands) throws IOException {
            if (!present) {
                throw new IOException("libnftables.so.1 cannot be loaded");
            }
            return "";
        }

        @Override
        public String runForJson(String commands) throws IOException {
            return run(commands);
        }

        @Override
        public void close() {}
    }

    private NodeNetwork open(Mode mode, boolean nftables) throws IOException {
        return NodeNetwork.open(
                new NetworkConfig(
                        mode,
                        directory.resolve("state"),
                        new CniConfig(
                                directory.resolve("conf"),
                                List.of(directory.resolve("bin")),
                                Duration.ofSeconds(5)),
                        BridgeConfig.forInstance("t")),
                new BridgeNetwork.KernelCalls(
                        new LinuxNetlinkCalls(),
                        new LinuxNamespaceCalls(),
                        new Nftables(nftables)));
    }

    private NetworkRequest request() {
        return new NetworkRequest(
                "pod", "pod", directory, List.of(), Map.of(), Optional.empty(), Optional.empty());
    }

    private void config(String content) throws IOException {
        Files.createDirectories(directory.resolve("conf"));
        Files.writeString(directory.resolve("conf/10-a.conflist"), content);
    }

    @Test
    void bridgeServesUntilThereIsAConfiguration() throws IOException {
        try (var network = open(Mode.AUTO, true)) {
            assertThat(network.status().kind()).isEqualTo(NetworkKind.BRIDGE);
            assertThat(network.status().ready()).isTrue();
            config("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"p\"}]}");
            assertThat(network.status().kind()).isEqualTo(NetworkKind.CNI);
            assertThat(network.status().networkName()).isEqualTo("n");
            assertThat(network.status().message()).contains("plugin p is not in");
            Files.delete(directory.resolve("conf/10-a.conflist"));
            assertThat(network.status().kind()).isEqualTo(NetworkKind.BRIDGE);
        }
    }

    @Test
    void brokenConfigurationIsNotReplacedByTheBridge() throws IOException {
        config("{");
        try (var network = open(Mode.AUTO, true)) {
            assertThat(network.status().ready()).isFalse();
            assertThat(network.status().lastLoad()).contains("10-a.conflist: is not JSON");
            assertThatThrownBy(() -> network.attach(request()))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("10-a.conflist: is not JSON");
        }
    }

    @Test
    void cniModeWaitsForAConfiguration() throws IOException {
        try (var network = open(Mode.CNI, true)) {
            assertThat(network.status().ready()).isFalse();
            assertThat(network.status().message())
                    .isEqualTo(
                            "no cni network configuration in %s"
                                    .formatted(directory.resolve("conf")));
            assertThatThrownBy(() -> network.attach(request()))
                    .isInstanceOf(UnavailableException.class);
        }
    }

    @Test
    void missingNftablesAreSaidBeforeASandboxNeedsThem() throws IOException {
        try (var network = open(Mode.BRIDGE, false)) {
            assertThat(network.status().ready()).isFalse();
            assertThat(network.status().message()).contains("libnftables.so.1 cannot be loaded");
        }
    }

    @Test
    void neverAttachedSandboxIsDetachedWithoutAWord() throws IOException {
        try (var network = open(Mode.AUTO, true)) {
            network.detach(request());
        }
    }
}
