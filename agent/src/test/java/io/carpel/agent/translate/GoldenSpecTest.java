package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.runtime.sandbox.Sandbox;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Whole requests and the specs they become, as files beside this test: `NAME.json` is a request as
/// crictl takes it, `NAME.spec.json` what the runtime is told.
final class GoldenSpecTest {
    private final ObjectMapper json =
            JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

    @ParameterizedTest
    @ValueSource(strings = {"sandbox-sparse", "sandbox-full"})
    void sandboxes(String name) throws IOException {
        check(name, Requests.sandboxes().toSpec(Requests.SANDBOX_ID, sandbox(name), ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"container-sparse", "container-full"})
    void containers(String name) throws IOException {
        Sandbox pod =
                Requests.snapshot(
                        Requests.sandboxes()
                                .toSpec(Requests.SANDBOX_ID, sandbox("sandbox-full"), ""));
        ContainerConfig config = parse(name, ContainerConfig.newBuilder()).build();
        check(
                name,
                Requests.containers().toSpec(Requests.CONTAINER_ID, config, pod, Optional.empty()));
    }

    private static PodSandboxConfig sandbox(String name) throws IOException {
        return parse(name, PodSandboxConfig.newBuilder()).build();
    }

    private static <B extends Message.Builder> B parse(String name, B builder) throws IOException {
        JsonFormat.parser().merge(read(name + ".json"), builder);
        return builder;
    }

    private void check(String name, Object spec) throws IOException {
        ObjectNode actual = json.valueToTree(spec);
        // The payload is the request itself, in an encoding that is nobody's business here.
        actual.remove("payload");
        JsonNode expected = json.readTree(read(name + ".spec.json"));
        assertThat(actual.toPrettyString()).isEqualTo(expected.toPrettyString());
    }

    private static String read(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(GoldenSpecTest.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
