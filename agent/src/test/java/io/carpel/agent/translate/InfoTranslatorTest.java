package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.KeyValue;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.work.Subject;
import io.carpel.runtime.work.WorkBoard;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

final class InfoTranslatorTest {
    private final ObjectMapper json = new ObjectMapper();
    private final WorkBoard board = new WorkBoard(Clock.systemUTC());
    private final InfoTranslator info = new InfoTranslator(json, board);

    private static Sandbox pinned(Optional<Integer> reaper) {
        Sandbox plain = Requests.snapshot(Requests.sandbox());
        return new Sandbox(
                plain.id(),
                plain.spec(),
                plain.state(),
                plain.createdAt(),
                plain.addresses(),
                new PinnedNamespaces(
                        Optional.of(Path.of("/run/netns/carpel-555")),
                        Optional.of(Path.of("/run/carpel/sandboxes/5/ns/ipc")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Path.of("/run/carpel/sandboxes/5/ns/pid"))),
                Optional.empty(),
                reaper,
                "/carpel",
                Optional.empty());
    }

    @Test
    void toolsFindPidAndNetworkNamespaceOfAPod() {
        JsonNode node = json.readTree(info.sandbox(pinned(Optional.of(77)), List.of()).get("info"));
        assertThat(node.get("pid").asInt()).isEqualTo(77);
        assertThat(node.has("pending")).isFalse();
        assertThat(node.at("/runtimeSpec/linux/namespaces/0/type").asString()).isEqualTo("network");
        assertThat(node.at("/runtimeSpec/linux/namespaces/0/path").asString())
                .isEqualTo("/run/netns/carpel-555");
        assertThat(node.at("/runtimeSpec/linux/namespaces")).hasSize(3);
        assertThat(node.at("/config/metadata/name").asString()).isEqualTo("web");
    }

    @Test
    void whatHangsIsShownWithThePod() {
        Sandbox pod = pinned(Optional.empty());
        Subject member = Subject.container(pod.id(), Requests.CONTAINER_ID);
        String text =
                board.call(
                        member,
                        "create",
                        work -> {
                            work.at("prepare the mounts");
                            WorkBoard.part("host path /data");
                            return info.sandbox(pod, List.of()).getOrDefault("info", "");
                        });
        JsonNode pending = json.readTree(text).at("/pending/0");
        assertThat(pending.get("id").asString()).isEqualTo(Requests.CONTAINER_ID);
        assertThat(pending.get("call").asString()).isEqualTo("create");
        assertThat(pending.get("step").asString()).isEqualTo("prepare the mounts: host path /data");
        assertThat(board.list()).isEmpty();
    }

    @Test
    void aPodWithoutAProcessShowsOneOfItsContainers() {
        Container container = Requests.running(Requests.container(), Requests.sandbox());
        JsonNode node =
                json.readTree(
                        info.sandbox(pinned(Optional.empty()), List.of(container)).get("info"));
        assertThat(node.get("pid").asInt()).isEqualTo(4242);
        assertThat(
                        json.readTree(info.sandbox(pinned(Optional.empty()), List.of()).get("info"))
                                .get("pid")
                                .asInt())
                .isZero();
    }

    @Test
    void toolsFindPidSandboxAndNamespacesOfAContainer() {
        ContainerConfig.Builder config =
                Requests.container(NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER))
                        .addEnvs(
                                KeyValue.newBuilder()
                                        .setKey("TOKEN")
                                        .setValue(ByteString.copyFromUtf8("canary")));
        Container container = Requests.running(config, Requests.sandbox());
        String text =
                info.container(container, Optional.of(pinned(Optional.of(77))), 12).get("info");
        JsonNode node = json.readTree(text);
        assertThat(node.get("pid").asInt()).isEqualTo(4242);
        assertThat(node.get("sandboxID").asString()).isEqualTo(Requests.SANDBOX_ID);
        assertThat(node.at("/runtimeSpec/process/args/1").asString()).isEqualTo("60");
        assertThat(node.at("/runtimeSpec/linux/namespaces"))
                .anySatisfy(namespace -> {
                    assertThat(namespace.get("type").asString()).isEqualTo("pid");
                    assertThat(namespace.get("path").asString()).isEqualTo("/proc/4242/ns/pid");
                })
                .anySatisfy(namespace ->
                        assertThat(namespace.path("path").asString(""))
                                .isEqualTo("/run/netns/carpel-555"));
        assertThat(node.at("/config/envs/0/key").asString()).isEqualTo("TOKEN");
        assertThat(text)
                .doesNotContain("canary")
                .doesNotContain(
                        java.util.Base64.getEncoder()
                                .encodeToString(
                                        "canary"
                                                .getBytes(
                                                        java.nio.charset.StandardCharsets.UTF_8)));
    }

    @Test
    void aContainerWhoseSandboxIsGoneIsStillShown() {
        Container container = Requests.running(Requests.container(), Requests.sandbox());
        assertThat(info.container(container, Optional.empty(), 0).get("info")).contains("4242");
    }
}
