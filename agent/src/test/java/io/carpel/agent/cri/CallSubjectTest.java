package io.carpel.agent.cri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.google.protobuf.ByteString;
import io.carpel.agent.pod.FakeContainers;
import io.carpel.agent.pod.FakeSandboxes;
import io.carpel.agent.pod.PodNames;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.AuthConfig;
import io.carpel.cri.CreateContainerRequest;
import io.carpel.cri.CreateContainerResponse;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.KeyValue;
import io.carpel.cri.PullImageRequest;
import io.carpel.cri.RunPodSandboxRequest;
import io.carpel.cri.RunPodSandboxResponse;
import io.carpel.cri.StatusRequest;
import io.carpel.cri.StopContainerRequest;
import org.junit.jupiter.api.Test;

final class CallSubjectTest {
    @Test
    void aCallIsAboutIdsAndNames() {
        assertThat(
                        CallSubject.of(
                                RunPodSandboxRequest.newBuilder()
                                        .setConfig(Requests.sandbox())
                                        .build()))
                .isEqualTo(" name=default/web");
        assertThat(
                        CallSubject.of(
                                StopContainerRequest.newBuilder()
                                        .setContainerId("c".repeat(64))
                                        .build()))
                .isEqualTo(" container=ccccccccccccc");
        assertThat(CallSubject.of(StatusRequest.getDefaultInstance())).isEmpty();
        assertThat(CallSubject.of("no message")).isEmpty();
    }

    @Test
    void nothingSecretIsShown() {
        assertThat(
                        CallSubject.of(
                                PullImageRequest.newBuilder()
                                        .setImage(ImageSpec.newBuilder().setImage("a\nb"))
                                        .setAuth(
                                                AuthConfig.newBuilder()
                                                        .setUsername("canary")
                                                        .setPassword("canary"))
                                        .build()))
                .isEqualTo(" image=a\\x0ab");
        assertThat(
                        CallSubject.of(
                                CreateContainerRequest.newBuilder()
                                        .setPodSandboxId("5".repeat(64))
                                        .setConfig(
                                                Requests.container()
                                                        .addEnvs(
                                                                KeyValue.newBuilder()
                                                                        .setKey("A")
                                                                        .setValue(
                                                                                ByteString
                                                                                        .copyFromUtf8(
                                                                                                "canary"))))
                                        .build()))
                .isEqualTo(" pod=5555555555555 name=app");
    }

    @Test
    void fieldsNameThePodAndTheContainerInFull() {
        var sandboxes = new FakeSandboxes();
        var containers = new FakeContainers();
        sandboxes.run(
                Requests.sandboxes().toSpec(Requests.SANDBOX_ID, Requests.sandbox().build(), ""));
        containers.create(Requests.spec(Requests.container(), sandboxes.list().getFirst()));
        PodNames names = PodNames.of(sandboxes, containers);
        assertThat(
                        CallSubject.fields(
                                StopContainerRequest.newBuilder().setContainerId("ccc").build(),
                                names))
                .containsExactly(
                        entry("pod_namespace", "default"),
                        entry("pod_name", "web"),
                        entry("pod_uid", "u-1"),
                        entry("pod_id", Requests.SANDBOX_ID),
                        entry("container_name", "app"),
                        entry("container_id", Requests.CONTAINER_ID));
        assertThat(
                        CallSubject.fields(
                                RunPodSandboxRequest.newBuilder()
                                        .setConfig(Requests.sandbox())
                                        .build(),
                                names))
                .containsOnlyKeys("pod_namespace", "pod_name", "pod_uid");
        assertThat(
                        CallSubject.fields(
                                CreateContainerRequest.newBuilder()
                                        .setPodSandboxId(Requests.SANDBOX_ID)
                                        .setConfig(Requests.container())
                                        .build(),
                                names))
                .containsEntry("container_name", "app")
                .containsEntry("pod_name", "web");
        assertThat(
                        CallSubject.fields(
                                StopContainerRequest.newBuilder().setContainerId("dead").build(),
                                names))
                .isEmpty();
        assertThat(CallSubject.fields("no message", names)).isEmpty();
    }

    @Test
    void whatWasMadeIsInTheAnswer() {
        assertThat(
                        CallSubject.made(
                                RunPodSandboxResponse.newBuilder().setPodSandboxId("p").build()))
                .containsExactly(entry("pod_id", "p"));
        assertThat(
                        CallSubject.made(
                                CreateContainerResponse.newBuilder().setContainerId("c").build()))
                .containsExactly(entry("container_id", "c"));
        assertThat(CallSubject.made("no message")).isEmpty();
    }
}
