package io.carpel.agent.cri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.AuthConfig;
import io.carpel.cri.CreateContainerRequest;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.KeyValue;
import io.carpel.cri.PullImageRequest;
import io.carpel.cri.RunPodSandboxRequest;
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
}
