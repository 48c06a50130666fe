package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.HugepageLimit;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.ResourceLimits;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ResourceTranslatorTest {
    private static LinuxContainerResources.Builder resources() {
        return LinuxContainerResources.newBuilder();
    }

    @Test
    void whatIsAskedForComesBack() {
        LinuxContainerResources wanted =
                resources()
                        .setCpuPeriod(100_000)
                        .setCpuQuota(-1)
                        .setCpuShares(512)
                        .setMemoryLimitInBytes(1 << 30)
                        .setMemorySwapLimitInBytes(1L << 31)
                        .setOomScoreAdj(-998)
                        .setCpusetCpus("0-3,7")
                        .setCpusetMems("0")
                        .addHugepageLimits(
                                HugepageLimit.newBuilder().setPageSize("2MB").setLimit(4096))
                        .putUnified("memory.oom.group", "1")
                        .build();
        assertThat(ResourceTranslator.toCri(ResourceTranslator.toLimits(wanted))).isEqualTo(wanted);
    }

    @Test
    void nothingAskedForIsNothingLimited() {
        assertThat(ResourceTranslator.toLimits(LinuxContainerResources.getDefaultInstance()))
                .isEqualTo(ResourceLimits.none());
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of(resources().setCpuPeriod(-1), "linux.resources.cpu_period '-1'"),
                Arguments.of(resources().setCpuQuota(-2), "linux.resources.cpu_quota '-2'"),
                Arguments.of(resources().setCpuShares(-1), "linux.resources.cpu_shares '-1'"),
                Arguments.of(
                        resources().setMemoryLimitInBytes(-5),
                        "linux.resources.memory_limit_in_bytes '-5'"),
                Arguments.of(
                        resources().setMemoryLimitInBytes(10).setMemorySwapLimitInBytes(9),
                        "linux.resources.memory_swap_limit_in_bytes '9'"),
                Arguments.of(
                        resources().setOomScoreAdj(1001), "linux.resources.oom_score_adj '1001'"),
                Arguments.of(
                        resources().setCpusetCpus("0\n1"), "linux.resources.cpuset_cpus '0\\x0a1'"),
                Arguments.of(resources().setCpusetMems("a"), "linux.resources.cpuset_mems 'a'"),
                Arguments.of(
                        resources().addHugepageLimits(HugepageLimit.newBuilder().setPageSize("2M")),
                        "linux.resources.hugepage_limits.page_size '2M'"),
                Arguments.of(
                        resources()
                                .addHugepageLimits(
                                        HugepageLimit.newBuilder().setPageSize("2MB").setLimit(-1)),
                        "linux.resources.hugepage_limits.limit '18446744073709551615'"),
                Arguments.of(
                        resources().putUnified("../memory.max", "1"),
                        "linux.resources.unified '../memory.max'"),
                Arguments.of(
                        resources().putUnified("memory/max", "1"),
                        "linux.resources.unified 'memory/max'"),
                Arguments.of(
                        resources().putUnified("memory.high", "1\n2"),
                        "linux.resources.unified[memory.high] '1\\x0a2'"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void anErrorNamesFieldAndValue(LinuxContainerResources.Builder wanted, String field) {
        assertThatThrownBy(() -> ResourceTranslator.toLimits(wanted.build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(field);
    }
}
