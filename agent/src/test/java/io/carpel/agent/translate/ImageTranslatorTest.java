package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.cri.AuthConfig;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ImageConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

public final class ImageTranslatorTest {
    /// An image whose configuration names this user.
    public static Image image(String user, long size) {
        return new Image(
                "sha256:" + "a".repeat(64),
                List.of("docker.io/library/busybox:latest"),
                List.of("docker.io/library/busybox@sha256:" + "b".repeat(64)),
                size,
                true,
                new ImageConfig(
                        List.of(),
                        List.of("sh"),
                        List.of("PATH=/bin"),
                        user,
                        "",
                        "",
                        Map.of(),
                        List.of(),
                        List.of(),
                        "amd64",
                        "linux",
                        Optional.empty()),
                List.of());
    }

    /// USER of the image, uid of the answer (-1: none), user name of the answer.
    @ParameterizedTest
    @CsvSource({
        "'',-1,''",
        "1002,1002,''",
        "1003:users,1003,''",
        "www-data,-1,www-data",
        "www-data:100,-1,www-data",
        "0,0,''",
        "2147483647,2147483647,''",
        "2147483648,-1,2147483648",
        "99999999999999999999,-1,99999999999999999999"
    })
    void aUserIsANumberOrAName(String user, long uid, String name) {
        io.carpel.cri.Image answer = ImageTranslator.toCri(image(user, 5));
        assertThat(answer.hasUid() ? answer.getUid().getValue() : -1).isEqualTo(uid);
        assertThat(answer.getUsername()).isEqualTo(name);
    }

    @Test
    void anImageIsNeverWithoutSize() {
        assertThat(ImageTranslator.toCri(image("", 0)).getSize()).isEqualTo(1);
        io.carpel.cri.Image answer = ImageTranslator.toCri(image("", 77));
        assertThat(answer.getSize()).isEqualTo(77);
        assertThat(answer.getPinned()).isTrue();
        assertThat(answer.getRepoTagsList()).containsExactly("docker.io/library/busybox:latest");
        assertThat(answer.getRepoDigestsCount()).isEqualTo(1);
    }

    @Test
    void credentialsArriveAndAreNotShown() {
        var credentials =
                ImageTranslator.credentials(
                        AuthConfig.newBuilder()
                                .setUsername("u")
                                .setPassword("canary1")
                                .setAuth("canary2")
                                .setIdentityToken("canary3")
                                .setRegistryToken("canary4")
                                .setServerAddress("registry.example")
                                .build());
        assertThat(credentials.password()).isEqualTo("canary1");
        assertThat(credentials.auth()).isEqualTo("canary2");
        assertThat(credentials.identityToken()).isEqualTo("canary3");
        assertThat(credentials.registryToken()).isEqualTo("canary4");
        assertThat(credentials.serverAddress()).isEqualTo("registry.example");
        assertThat(credentials.toString()).doesNotContain("canary");
    }
}
