package io.carpel.agent.cli.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.cli.node.NodeException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeUninstallTest {
    private static final String BUILD = "1111111111111111";
    private static final String ENDPOINT = "unix:///run/carpel/carpel.sock";

    @TempDir private Path directory;

    private static FakeHost installed(Path directory) {
        FakeHost host = new FakeHost(directory);
        host.install(host.distribution(BUILD)).run(Optional.empty());
        new NodeWatch(host.parts(), "1.0", Optional.empty(), System::nanoTime).look();
        return host;
    }

    @Test
    void nothingIsLeft() {
        Map<String, String> before = new FakeHost(directory.resolve("before")).files();
        FakeHost host = installed(directory);
        assertThat(host.uninstall().run(ENDPOINT, false)).isTrue();
        assertThat(host.files()).isEqualTo(before);
        assertThat(host.running()).isEmpty();
        assertThat(host.nodeLabels()).isEmpty();
        assertThat(host.health()).isEmpty();
        assertThat(host.uninstall().run(ENDPOINT, false)).isFalse();
    }

    @Test
    void whereverItDiesTheNextOneFinishes() {
        Map<String, String> before = new FakeHost(directory.resolve("before")).files();
        FakeHost measured = installed(directory.resolve("measured"));
        int from = measured.calls();
        measured.uninstall().run(ENDPOINT, false);
        int calls = measured.calls() - from;
        for (int n = 1; n <= calls; n++) {
            FakeHost host = installed(directory.resolve("die-" + n));
            host.dieAt(host.calls() + n);
            assertThatThrownBy(() -> host.uninstall().run(ENDPOINT, false))
                    .isInstanceOf(FakeHost.PowerCut.class);
            host.uninstall().run(ENDPOINT, false);
            assertThat(host.files()).as("call %d", n).isEqualTo(before);
            assertThat(host.nodeLabels()).as("call %d", n).isEmpty();
            assertThat(host.running()).as("call %d", n).isEmpty();
        }
    }

    @Test
    void itIsRefusedWhileTheKubeletUsesTheAgent() {
        FakeHost host = installed(directory);
        host.write(
                "host/var/lib/kubelet/config.yaml",
                "kind: KubeletConfiguration\ncontainerRuntimeEndpoint: " + ENDPOINT + "\n");
        Map<String, String> before = host.files();
        assertThatThrownBy(() -> host.uninstall().run(ENDPOINT, false))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("the kubelet uses " + ENDPOINT);
        assertThat(host.files()).isEqualTo(before);
        assertThat(host.running()).isEqualTo(BUILD);
        assertThat(host.uninstall().run(ENDPOINT, true)).isTrue();
    }

    @Test
    void itIsRefusedWhilePodsAreThere() {
        FakeHost host = installed(directory);
        host.runPods(2);
        assertThatThrownBy(() -> host.uninstall().run(ENDPOINT, false))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("2 pods");
        assertThat(host.running()).isEqualTo(BUILD);
        assertThat(host.uninstall().run(ENDPOINT, true)).isTrue();
        assertThat(host.running()).isEmpty();
    }
}
