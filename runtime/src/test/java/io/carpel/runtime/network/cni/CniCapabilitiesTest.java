package io.carpel.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.spec.Bandwidth;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What plugins are told beyond their configuration.
final class CniCapabilitiesTest {
    @TempDir Path directory;

    @Test
    void limitsOfTrafficReachWhoDeclaresTheCapability() throws IOException {
        ScriptedPlugins plugins = new ScriptedPlugins(directory);
        plugins.working("first", "1.0.0");
        plugins.working("second", "1.0.0");
        plugins.config(
                "10-net.conflist",
                """
                {"cniVersion":"1.0.0","name":"net","plugins":[
                  {"type":"first"},{"type":"second","capabilities":{"bandwidth":true}}]}
                """);
        CniNetwork network =
                CniNetwork.open(
                        new CniConfig(
                                plugins.configDirectory(),
                                List.of(plugins.bin()),
                                Duration.ofSeconds(20)),
                        directory.resolve("state"));
        NetworkRequest request =
                new NetworkRequest(
                        "pod",
                        "pod",
                        directory,
                        List.of(),
                        Map.of(),
                        Optional.empty(),
                        Optional.of(new Bandwidth(1000, 4_294_967_295L, 0, 0)));
        network.attach(request);
        network.detach(request);
        for (String command : List.of("ADD", "DEL")) {
            assertThat(plugins.input("second", command))
                    .contains(
                            "\"runtimeConfig\":{\"bandwidth\":{\"ingressRate\":1000,"
                                    + "\"ingressBurst\":4294967295,\"egressRate\":0,"
                                    + "\"egressBurst\":0}}");
            assertThat(plugins.input("first", command)).doesNotContain("runtimeConfig");
        }
    }
}
