package io.carpel.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.translate.HostAbilities;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.CgroupDriver;
import io.carpel.cri.RuntimeCondition;
import io.carpel.cri.StatusResponse;
import io.carpel.cri.VersionResponse;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.network.NetworkKind;
import io.carpel.runtime.network.NetworkStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

final class NodeServiceTest {
    private final ObjectMapper json = new ObjectMapper();
    private final List<List<String>> ranges = new ArrayList<>();

    private NodeService node(HostAbilities host, boolean systemd, boolean networkReady) {
        return new NodeService(
                new NodeService.Facts(
                        "0.1.0",
                        () -> Set.of("carpel"),
                        host,
                        systemd,
                        "/var/lib/carpel",
                        Map.of("cgroup", "v2", "seccomp", "true")),
                () ->
                        new NetworkStatus(
                                networkReady,
                                networkReady ? "network mynet serves" : "no plugin 'bridge'",
                                NetworkKind.CNI,
                                "mynet",
                                "OK",
                                List.of("/etc/cni/net.d/10.conflist")),
                ranges::add,
                json);
    }

    @Test
    void noPartOfTheVersionIsEmpty() {
        VersionResponse version = node(Requests.ABLE, false, true).version();
        assertThat(version.getVersion()).isEqualTo("0.1.0");
        assertThat(version.getRuntimeName()).isEqualTo("carpel");
        assertThat(version.getRuntimeVersion()).isEqualTo("0.1.0");
        assertThat(version.getRuntimeApiVersion()).isEqualTo("v1");
    }

    @Test
    void bothConditionsAreAlwaysThere() {
        for (boolean ready : new boolean[] {true, false}) {
            StatusResponse status = node(Requests.ABLE, false, ready).status(false);
            assertThat(status.getStatus().getConditionsList())
                    .extracting(RuntimeCondition::getType)
                    .containsExactly("RuntimeReady", "NetworkReady");
            assertThat(status.getStatus().getConditions(0).getStatus()).isTrue();
            assertThat(status.getStatus().getConditions(1).getStatus()).isEqualTo(ready);
            assertThat(status.getInfoMap()).isEmpty();
        }
        assertThat(
                        node(Requests.ABLE, false, false)
                                .status(false)
                                .getStatus()
                                .getConditions(1)
                                .getMessage())
                .isEqualTo("no plugin 'bridge'");
    }

    @Test
    void theDefaultHandlerHasNoNameAndFeaturesAreTheHosts() {
        StatusResponse able = node(Requests.ABLE, false, true).status(false);
        assertThat(able.getRuntimeHandlersList()).extracting("name").containsExactly("", "carpel");
        assertThat(able.getRuntimeHandlers(0).getFeatures().getUserNamespaces()).isTrue();
        assertThat(able.getRuntimeHandlers(0).getFeatures().getRecursiveReadOnlyMounts()).isTrue();
        assertThat(able.getFeatures().getSupplementalGroupsPolicy()).isTrue();
        StatusResponse unable = node(Requests.UNABLE, false, true).status(false);
        assertThat(unable.getRuntimeHandlers(0).getFeatures().getUserNamespaces()).isFalse();
        assertThat(unable.getRuntimeHandlers(0).getFeatures().getRecursiveReadOnlyMounts())
                .isFalse();
        assertThat(unable.getFeatures().getSupplementalGroupsPolicy()).isFalse();
        assertThat(unable.getFeatures().getMountOptions()).isFalse();
        assertThat(unable.getFeatures().getUserNamespacesHostNetwork()).isFalse();
    }

    @Test
    void infoIsJson() {
        StatusResponse status = node(Requests.ABLE, false, true).status(true);
        JsonNode config = json.readTree(status.getInfoOrThrow("config"));
        assertThat(config.has("sandboxImage")).isTrue();
        assertThat(config.get("stateDir").asString()).isEqualTo("/var/lib/carpel");
        assertThat(json.readTree(status.getInfoOrThrow("cniconfig")).get("network").asString())
                .isEqualTo("mynet");
        JsonNode features = json.readTree(status.getInfoOrThrow("hostFeatures"));
        assertThat(features.get("cgroup").asString()).isEqualTo("v2");
        assertThat(features.get("seccomp").asString()).isEqualTo("true");
        assertThat(json.readTree(status.getInfoOrThrow("lastCNILoadStatus")).asString())
                .isEqualTo("OK");
    }

    @Test
    void theCgroupDriverIsAlwaysSaid() {
        assertThat(node(Requests.ABLE, false, true).runtimeConfig().getLinux().getCgroupDriver())
                .isEqualTo(CgroupDriver.CGROUPFS);
        assertThat(node(Requests.ABLE, true, true).runtimeConfig().hasLinux()).isTrue();
        assertThat(node(Requests.ABLE, true, true).runtimeConfig().getLinux().getCgroupDriver())
                .isEqualTo(CgroupDriver.SYSTEMD);
    }

    @Test
    void theClustersRangesReachTheNetwork() {
        NodeService node = node(Requests.ABLE, false, true);
        node.updateRuntimeConfig("");
        node.updateRuntimeConfig("10.244.1.0/24, fd00:1::/64");
        assertThat(ranges).containsExactly(List.of("10.244.1.0/24", "fd00:1::/64"));
        for (String bad : List.of("10.244.1.0", "x.y/24", "1.0.0.0/8,".repeat(17))) {
            assertThatThrownBy(() -> node.updateRuntimeConfig(bad))
                    .as(bad)
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("pod_cidr");
        }
        assertThat(ranges).hasSize(1);
    }
}
