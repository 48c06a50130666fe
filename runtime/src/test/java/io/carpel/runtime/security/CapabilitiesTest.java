package io.carpel.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.SelinuxSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapabilitiesTest {
    private static final long DOCKERS = 0xa804_25fbL;
    private static final int SYS_RESOURCE = 24;

    private final Capabilities all = new Capabilities(Capabilities.all());

    @TempDir Path directory;

    private static SecuritySpec spec(
            boolean privileged, List<String> add, List<String> drop, List<String> ambient) {
        return new SecuritySpec(
                privileged,
                Optional.empty(),
                add,
                drop,
                ambient,
                false,
                false,
                List.of(),
                List.of(),
                ProfileSpec.unconfined(),
                ProfileSpec.unconfined(),
                SelinuxSpec.none());
    }

    private long bounding(List<String> add, List<String> drop) {
        return all.resolve(spec(false, add, drop, List.of()), Capabilities.defaults(), true)
                .bounding();
    }

    @Test
    void startsFromTheUsualFourteen() {
        assertThat(bounding(List.of(), List.of())).isEqualTo(DOCKERS);
        assertThat(bounding(List.of("net_admin"), List.of("CAP_MKNOD")))
                .isEqualTo((DOCKERS | 1L << 12) & ~(1L << 27));
    }

    @Test
    void allWorksOnBothSides() {
        assertThat(bounding(List.of("ALL"), List.of())).isEqualTo(Capabilities.all());
        assertThat(bounding(List.of(), List.of("ALL"))).isZero();
        assertThat(bounding(List.of("CHOWN"), List.of("ALL"))).isEqualTo(1);
        assertThat(bounding(List.of("ALL"), List.of("SYS_ADMIN")))
                .isEqualTo(Capabilities.all() & ~(1L << 21));
        assertThat(Long.bitCount(Capabilities.all())).isEqualTo(41);
    }

    @Test
    void inheritableStaysEmptyUnlessAmbientWasAsked() {
        CapabilitySets user =
                all.resolve(
                        spec(false, List.of(), List.of(), List.of("NET_BIND_SERVICE")),
                        Capabilities.defaults(),
                        false);
        assertThat(user).isEqualTo(new CapabilitySets(DOCKERS, 1024, 1024, 1024, 1024));
        CapabilitySets root =
                all.resolve(
                        spec(true, List.of(), List.of("ALL"), List.of()),
                        Capabilities.defaults(),
                        true);
        assertThat(root.bounding()).isEqualTo(Capabilities.all());
        assertThat(root.inheritable()).isZero();
        assertThat(root.ambient()).isZero();
    }

    @Test
    void clampsToTheHost() {
        var poor = new Capabilities(Capabilities.all() & ~(1L << SYS_RESOURCE));
        SecuritySpec asks = spec(false, List.of("SYS_RESOURCE"), List.of(), List.of());
        assertThat(poor.resolve(asks, Capabilities.defaults(), true).bounding()).isEqualTo(DOCKERS);
        assertThat(poor.withheld(asks, Capabilities.defaults()))
                .containsExactly("CAP_SYS_RESOURCE");
    }

    @Test
    void namesWhatItDoesNotKnow() {
        assertThatThrownBy(() -> bounding(List.of("SYS_MAGIC\n"), List.of()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("added capability: unknown capability 'SYS_MAGIC\\x0a'");
        assertThatThrownBy(() ->
                        all.resolve(spec(true, List.of(), List.of("X"), List.of()), Set.of(), true))
                .isInstanceOf(InvalidArgumentException.class);
    }
}
