package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageReferenceTest {
    private static final String DIGEST = "sha256:" + "a1".repeat(32);

    @ParameterizedTest
    @CsvSource({
        "busybox, docker.io/library/busybox:latest",
        "busybox:1.36, docker.io/library/busybox:1.36",
        "user/app, docker.io/user/app:latest",
        "index.docker.io/user/app, docker.io/user/app:latest",
        "localhost/app, localhost/app:latest",
        "127.0.0.1:5000/a/b_c/d--e:T.1-x, 127.0.0.1:5000/a/b_c/d--e:T.1-x",
        "[::1]:5000/app, [::1]:5000/app:latest",
        "registry.k8s.io/pause:3.9, registry.k8s.io/pause:3.9",
        "Host/app, Host/app:latest"
    })
    void fillsInWhatIsLeftOut(String text, String full) {
        assertThat(ImageReference.parse(text).canonical()).isEqualTo(full);
    }

    @Test
    void digestWinsOverTag() {
        ImageReference ref = ImageReference.parse("a.io/b:v1@" + DIGEST);
        assertThat(ref.manifestReference()).isEqualTo(DIGEST);
        assertThat(ref.canonical()).isEqualTo("a.io/b@" + DIGEST);
        assertThat(ref).hasToString("a.io/b:v1@" + DIGEST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "UPPER",
                "a//b",
                "a/",
                "/a",
                "a:",
                "a:b:c",
                "a@sha256:12",
                "a@md5:d41d8cd98f00b204e9800998ecf8427e",
                "a b",
                "a\nb",
                "../a",
                "a/../b",
                "a._b",
                "-a",
                "a.io:99999999/b",
                "a.io/b:-x",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void refusesWhatIsMalformedAndNamesIt(String text) {
        assertThatThrownBy(() -> ImageReference.parse(text))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("image reference");
    }

    @Test
    void longNamesEndQuickly() {
        String name = "a-".repeat(50_000) + "!";
        assertThatThrownBy(() -> ImageReference.parse(name))
                .isInstanceOf(InvalidArgumentException.class);
    }
}
