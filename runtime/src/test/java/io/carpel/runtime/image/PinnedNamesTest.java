package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PinnedNamesTest {
    private static boolean pins(String pattern, String name) {
        return new PinnedNames(List.of("other.test/none:1", pattern)).matches(List.of("x", name));
    }

    @Test
    void namesAreExactAndShortOnesAreMadeFull() {
        assertThat(pins("a.test/app:1", "a.test/app:1")).isTrue();
        assertThat(pins("a.test/app:1", "a.test/app:10")).isFalse();
        assertThat(pins("busybox", "docker.io/library/busybox:latest")).isTrue();
    }

    @Test
    void aStarStandsForTheRest() {
        assertThat(pins("a.test/*", "a.test/app:1")).isTrue();
        assertThat(pins("a.test/*", "b.test/app:1")).isFalse();
        assertThat(pins("*:stable", "a.test/app:stable")).isTrue();
        assertThat(pins("*:stable", "a.test/stable:1")).isFalse();
        assertThat(pins("*/app*", "a.test/app:1")).isTrue();
        assertThat(pins("*", "a.test/app:1")).isTrue();
    }

    @Test
    void whatCouldNeverMatchIsRefused() {
        for (String bad : List.of("a.test/*/app:1", "a.test/app:*1", "a.test/App:1")) {
            assertThatThrownBy(() -> new PinnedNames(List.of(bad)))
                    .as(bad)
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("pinned image");
        }
    }
}
