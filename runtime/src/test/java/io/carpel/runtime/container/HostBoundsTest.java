package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.spec.RlimitSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class HostBoundsTest {
    private static final long SYS_RESOURCE = 1L << 24;

    private static final List<String> LIMITS =
            List.of(
                    "Limit                     Soft Limit           Hard Limit           Units     ",
                    "Max stack size            8388608              unlimited            bytes     ",
                    "Max open files            1024                 20000                files     ",
                    "Max nice priority         0                    0                    ");

    private static HostBounds bounds(long capabilities) {
        return new HostBounds(0, capabilities, HostBounds.hardLimits(LIMITS));
    }

    @Test
    void readsTheKernelsTable() {
        assertThat(HostBounds.hardLimits(LIMITS)).isEqualTo(Map.of("NOFILE", 20000L, "NICE", 0L));
    }

    @Test
    void clampsToTheHardLimitOfTheHost() {
        assertThat(bounds(0).clamp(new RlimitSpec("RLIMIT_NOFILE", 4096, 1 << 20), false))
                .isEqualTo(new RlimitSpec("RLIMIT_NOFILE", 4096, 20000));
        assertThat(bounds(0).clamp(new RlimitSpec("NOFILE", -1, -1), false))
                .isEqualTo(new RlimitSpec("NOFILE", 20000, 20000));
    }

    @Test
    void leavesWhatTheHostDoesNotLimit() {
        RlimitSpec stack = new RlimitSpec("RLIMIT_STACK", 1 << 20, -1);
        assertThat(bounds(0).clamp(stack, false)).isEqualTo(stack);
        RlimitSpec files = new RlimitSpec("RLIMIT_NOFILE", 1 << 20, 1 << 20);
        assertThat(bounds(SYS_RESOURCE).clamp(files, false)).isEqualTo(files);
    }

    @Test
    void aUserNamespaceHasNoSayOverTheHostsLimits() {
        assertThat(bounds(SYS_RESOURCE).clamp(new RlimitSpec("RLIMIT_NOFILE", 9, -1), true))
                .isEqualTo(new RlimitSpec("RLIMIT_NOFILE", 9, 20000));
    }
}
