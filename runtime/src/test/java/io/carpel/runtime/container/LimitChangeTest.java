package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.ResourceLimits;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LimitChangeTest {
    private static ResourceLimits memory(long limit, long swap) {
        return new ResourceLimits(0, 0, 0, limit, swap, 0, 0, "", "", List.of(), Map.of());
    }

    private static ResourceLimits huge(HugepageLimit... limits) {
        return new ResourceLimits(0, 0, 0, 0, 0, 0, 0, "", "", List.of(limits), Map.of());
    }

    @Test
    void whatIsLeftOutStays() {
        ResourceLimits now =
                new ResourceLimits(
                        100_000,
                        50_000,
                        512,
                        100,
                        150,
                        7,
                        9,
                        "0",
                        "0",
                        List.of(),
                        Map.of("a", "1"));
        assertThat(LimitChange.over(now, ResourceLimits.none(), false)).isEqualTo(now);
        assertThat(LimitChange.over(now, ResourceLimits.none(), true)).isEqualTo(now);
    }

    @Test
    void eachSizeOfHugePagesIsALimitOfItsOwn() {
        ResourceLimits now = huge(new HugepageLimit("2MB", 4), new HugepageLimit("1GB", 8));
        assertThat(LimitChange.over(now, huge(new HugepageLimit("2MB", 6)), true).hugepages())
                .containsExactly(new HugepageLimit("2MB", 6), new HugepageLimit("1GB", 8));
        assertThat(LimitChange.over(now, huge(new HugepageLimit("64KB", 1)), true).hugepages())
                .hasSize(3);
    }

    /// What the kernel makes of memory alone: version 1 limits the sum, version 2 the swap.
    @ParameterizedTest
    @CsvSource({
        "100, 150, 120, 0, 150, 170",
        "100, 150, 200, 0, 200, 250",
        "100, 150, 50, 0, 150, 100",
        "100, 150, -1, 0, -1, 0",
        "100, -1, 200, 0, -1, -1",
        "100, 0, 200, 0, 0, 0",
        "100, 150, 120, 130, 130, 130",
        "100, 150, 0, 180, 180, 180",
    })
    void theSumOfMemoryAndSwapIsTheOneInForce(
            long memory, long swap, long nextMemory, long nextSwap, long v1, long v2) {
        ResourceLimits now = memory(memory, swap);
        ResourceLimits change = memory(nextMemory, nextSwap);
        assertThat(LimitChange.over(now, change, false).memorySwapLimit()).isEqualTo(v1);
        assertThat(LimitChange.over(now, change, true).memorySwapLimit()).isEqualTo(v2);
    }
}
