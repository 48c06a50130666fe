package io.carpel.runtime.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.cgroup.CgroupStats;
import io.carpel.runtime.stats.ContainerStats.DeviceIo;
import io.carpel.runtime.stats.ContainerStats.Memory;
import io.carpel.runtime.stats.ContainerStats.Pressure;
import io.carpel.runtime.stats.ContainerStats.Stall;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Every number is another one, so that none can stand in another's place.
final class StatsReaderTest {
    private static final Instant AT = Instant.ofEpochSecond(7);

    private static CgroupStats group(long first, Optional<Long> limit, Optional<Long> swap) {
        var stall = new CgroupStats.Stall(1.5, 2.5, 3.5, first + 20);
        var full = new CgroupStats.Stall(4.5, 5.5, 6.5, first + 21);
        return new CgroupStats(
                AT,
                Optional.of(
                        new CgroupStats.Cpu(
                                first, first + 1, first + 2, first + 3, first + 4, first + 5)),
                Optional.of(
                        new CgroupStats.Memory(
                                first + 6,
                                first + 7,
                                limit,
                                first + 8,
                                first + 9,
                                first + 10,
                                first + 11,
                                swap,
                                Optional.of(99L),
                                Optional.of(first + 12),
                                first + 13,
                                first + 14,
                                first + 15,
                                first + 16,
                                first + 17)),
                Optional.of(new CgroupStats.Pids(first + 18, Optional.of(1000L))),
                List.of(new CgroupStats.BlockIo(8, 1, 10, 20, 30, 40)),
                List.of(),
                Optional.of(new CgroupStats.Pressure(stall, full)),
                Optional.empty(),
                Optional.of(new CgroupStats.Pressure(full, stall)));
    }

    @Test
    void saysWhatTheGroupSays() {
        ContainerStats stats =
                StatsReader.translate("c", group(100, Optional.of(150L), Optional.of(5L)));
        assertThat(stats.id()).isEqualTo("c");
        assertThat(stats.at()).isEqualTo(AT);
        assertThat(stats.cpu()).contains(new ContainerStats.Cpu(100, 101, 102, 103, 104, 105));
        Memory memory = stats.memory().orElseThrow();
        assertThat(memory)
                .isEqualTo(
                        new Memory(
                                106,
                                107,
                                108,
                                109,
                                110,
                                111,
                                Optional.of(150L),
                                Optional.of(5L),
                                Optional.of(112L),
                                113,
                                114,
                                117));
        assertThat(memory.available()).contains(43L);
        assertThat(stats.processes()).contains(118L);
        assertThat(stats.io()).containsExactly(new DeviceIo(8, 1, 10, 20, 30, 40));
        Stall some = new Stall(1.5, 2.5, 3.5, 120);
        Stall full = new Stall(4.5, 5.5, 6.5, 121);
        assertThat(stats.cpuPressure()).contains(new Pressure(some, full));
        assertThat(stats.memoryPressure()).isEmpty();
        assertThat(stats.ioPressure()).contains(new Pressure(full, some));
    }

    @Test
    void whatTheHostDoesNotCountIsLeftOut() {
        CgroupStats nothing =
                new CgroupStats(
                        AT,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
        ContainerStats stats = StatsReader.translate("c", nothing);
        assertThat(stats.cpu()).isEmpty();
        assertThat(stats.memory()).isEmpty();
        assertThat(stats.processes()).isEmpty();
        // Below its limit there is nothing left, never less than nothing.
        assertThat(
                        StatsReader.translate("c", group(100, Optional.of(50L), Optional.empty()))
                                .memory()
                                .orElseThrow()
                                .available())
                .contains(0L);
    }

    @Test
    void aSandboxIsTheSumOfItsContainers() {
        ContainerStats sum =
                StatsSum.named(
                        "pod",
                        StatsSum.of(
                                StatsReader.translate(
                                        "a", group(100, Optional.of(1L), Optional.of(3L))),
                                StatsReader.translate(
                                        "b", group(1000, Optional.of(2L), Optional.of(4L)))));
        assertThat(sum.id()).isEqualTo("pod");
        assertThat(sum.cpu()).contains(new ContainerStats.Cpu(1100, 1102, 1104, 1106, 1108, 1110));
        Memory memory = sum.memory().orElseThrow();
        assertThat(memory.usage()).isEqualTo(1112);
        assertThat(memory.workingSet()).isEqualTo(1114);
        assertThat(memory.rss()).isEqualTo(1116);
        assertThat(memory.swap()).contains(7L);
        assertThat(memory.pageFaults()).isEqualTo(1126);
        assertThat(sum.processes()).contains(1136L);
        assertThat(sum.io()).hasSize(2);
        assertThat(sum.cpuPressure()).isEmpty();
    }
}
