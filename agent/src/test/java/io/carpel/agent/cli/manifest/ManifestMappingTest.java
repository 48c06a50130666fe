package io.carpel.agent.cli.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import io.carpel.cri.DNSConfig;
import io.fabric8.kubernetes.api.model.Container;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Manifest → CRI requests, compared with the recorded ones. Run with `-Dcarpel.update=true` to
/// record them anew, and read the difference.
final class ManifestMappingTest {
    private static final Path DIRECTORY = Path.of("src/test/resources/manifests");
    private static final boolean UPDATE = Boolean.getBoolean("carpel.update");
    private static final String UID = "6c6f6f6b-0000-4000-8000-000000000001";

    @TempDir Path temporary = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"small", "everything", "host", "user-namespace"})
    void mapsAsRecorded(String name) throws IOException {
        Path pod = temporary.resolve(UID);
        NodeFacts node =
                new NodeFacts(
                        "node-1",
                        8L << 30,
                        DNSConfig.newBuilder()
                                .addServers("192.0.2.53")
                                .addSearches("node.example")
                                .addOptions("ndots:1")
                                .build(),
                        131072,
                        pod);
        PodManifest read = ManifestReader.read(DIRECTORY.resolve(name + ".yaml"));
        PodManifest manifest = new PodManifest(read.pod(), Path.of("/manifests"));
        VolumeDirectories volumes = new VolumeDirectories(manifest, node);
        volumes.prepare();
        volumes.writeHosts("inner", List.of("192.0.2.2"));

        var printer = JsonFormat.printer();
        StringBuilder out = new StringBuilder();
        out.append(printer.print(new SandboxMapper(manifest, node).map(UID))).append('\n');
        ContainerMapper mapper =
                new ContainerMapper(
                        manifest,
                        node,
                        new PodFacts(UID, List.of("192.0.2.2", "2001:db8::2")),
                        volumes,
                        Map.of("registry.example/tools:1", "sha256:tools"));
        for (Container container : manifest.containers()) {
            String id = "sha256:" + container.getName();
            out.append(printer.print(mapper.map(container, id))).append('\n');
        }

        String text = out.toString().replace(pod.toString(), "/pods/" + UID);
        Path golden = DIRECTORY.resolve(name + ".json");
        if (UPDATE) {
            Files.writeString(golden, text);
        }
        assertThat(golden).hasContent(text);
        volumes.remove();
        assertThat(pod).doesNotExist();
    }
}
