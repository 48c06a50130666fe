package io.carpel.runtime.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class InterfaceCountersTest {
    /// As kernel 6.18 writes it in a pod with two networks; the last line belongs to no number.
    private static final List<String> LINES =
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:    1040      10    0    0    0     0          0         0     1040      10    0    0    0     0       0          0
              eth0: 104913    1251    3    4    0     0          0         7    90210     904    5    6    0     0       0          0
              net1:18446744      1    0    0    0     0          0         0        2       3    0    0    0     0       0          0
            short: 1 2 3
            """
                    .lines()
                    .toList();

    @Test
    void everyInterfaceButLoopbackIsRead() {
        assertThat(InterfaceCounters.parse(LINES))
                .containsExactly(
                        new InterfaceStats("eth0", 104913, 1251, 3, 4, 90210, 904, 5, 6),
                        // A number may touch the colon.
                        new InterfaceStats("net1", 18446744, 1, 0, 0, 2, 3, 0, 0));
    }

    @Test
    void aNamespaceWithoutInterfacesHasNone() {
        assertThat(InterfaceCounters.parse(LINES.subList(0, 2))).isEmpty();
        assertThat(InterfaceCounters.parse(List.of())).isEmpty();
    }
}
