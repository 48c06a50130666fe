package io.carpel.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.translate.Requests;
import io.carpel.cri.ContainerMetrics;
import io.carpel.cri.LinuxContainerConfig;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.cri.Metric;
import io.carpel.cri.MetricDescriptor;
import io.carpel.cri.MetricType;
import io.carpel.cri.PodSandboxMetrics;
import io.carpel.runtime.stats.ContainerCounters;
import io.carpel.runtime.stats.ContainerStats;
import io.carpel.runtime.stats.ContainerStats.Pressure;
import io.carpel.runtime.stats.ContainerStats.Stall;
import io.carpel.runtime.stats.Countable;
import io.carpel.runtime.stats.Hugepages;
import io.carpel.runtime.stats.InterfaceStats;
import io.carpel.runtime.stats.PodCounters;
import io.carpel.runtime.stats.ProcessCounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class PodMetricsServiceTest {
    private static final Instant AT = Instant.ofEpochSecond(1_800_000_000);

    private final FakeCounters counters = new FakeCounters();

    private PodMetricsService service() {
        return new PodMetricsService(counters, new FakeUsages());
    }

    private static Pressure pressure(long some, long full) {
        return new Pressure(new Stall(1, 2, 3, some), new Stall(1, 2, 3, full));
    }

    private static PodCounters everything() {
        var config =
                Requests.container()
                        .setLinux(
                                LinuxContainerConfig.newBuilder()
                                        .setResources(
                                                LinuxContainerResources.newBuilder()
                                                        .setCpuPeriod(50_000)
                                                        .setCpuQuota(20_000)
                                                        .setCpuShares(512)
                                                        .setMemoryLimitInBytes(64 << 20)
                                                        .setMemorySwapLimitInBytes(65 << 20)
                                                        .putUnified("memory.min", "4096")));
        var container = Requests.running(config, Requests.sandbox());
        var usage =
                new ContainerStats(
                        container.id(),
                        AT,
                        Optional.of(
                                new ContainerStats.Cpu(
                                        5_900_000_000L,
                                        3_000_000_000L,
                                        2_000_000_000L,
                                        70,
                                        8,
                                        1_999_999_999L)),
                        Optional.of(
                                new ContainerStats.Memory(
                                        1000,
                                        600,
                                        300,
                                        200,
                                        100,
                                        50,
                                        Optional.of(64L << 20),
                                        Optional.of(25L),
                                        Optional.of(2000L),
                                        80,
                                        7,
                                        6)),
                        Optional.of(9L),
                        List.of(new ContainerStats.DeviceIo(8, 0, 4096, 8192, 1, 2)),
                        Optional.of(pressure(11_000_000_000L, 12_000_000_000L)),
                        Optional.of(pressure(13_000_000_000L, 14_000_000_000L)),
                        Optional.of(pressure(15_000_000_000L, 16_000_000_000L)));
        return new PodCounters(
                Requests.snapshot(Requests.sandbox()),
                List.of(new InterfaceStats("eth0", 1, 2, 3, 4, 5, 6, 7, 8)),
                List.of(
                        new ContainerCounters(
                                container,
                                usage,
                                Optional.empty(),
                                new ContainerCounters.Faults(60, 5),
                                List.of(new Hugepages("2MB", 2 << 20, Optional.empty())),
                                3,
                                Optional.of(new ProcessCounts(4, 40, 14, Optional.of(1024L))))));
    }

    private static List<String> expectedNames() throws IOException {
        try (var names =
                PodMetricsServiceTest.class.getResourceAsStream("/cadvisor-metric-names")) {
            return new String(names.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
        }
    }

    private static Stream<Metric> metrics(PodSandboxMetrics pod) {
        return Stream.concat(
                pod.getMetricsList().stream(),
                pod.getContainerMetricsList().stream()
                        .map(ContainerMetrics::getMetricsList)
                        .flatMap(List::stream));
    }

    @Test
    void aHostThatCountsEverythingHasAllNames() throws IOException {
        assertThat(expectedNames()).hasSize(56);
        assertThat(service().descriptors())
                .extracting(MetricDescriptor::getName)
                .containsExactlyInAnyOrderElementsOf(expectedNames());
        assertThat(service().descriptors())
                .allSatisfy(descriptor -> {
                    assertThat(descriptor.getHelp()).isNotEmpty();
                    assertThat(descriptor.getLabelKeysList()).isNotEmpty().doesNotHaveDuplicates();
                });
    }

    @Test
    void everyDescriptorIsFilledAndEveryLabelHasAValue() {
        counters.all = List.of(everything());
        Map<String, Integer> labels =
                service().descriptors().stream()
                        .collect(
                                Collectors.toMap(
                                        MetricDescriptor::getName,
                                        MetricDescriptor::getLabelKeysCount));
        var filled = new TreeSet<String>();
        metrics(service().list().getFirst())
                .forEach(metric -> {
                    filled.add(metric.getName());
                    assertThat(metric.getLabelValuesList())
                            .as(metric.getName())
                            .hasSize(labels.getOrDefault(metric.getName(), -1))
                            .noneMatch(String::isEmpty);
                    assertThat(metric.hasValue()).isTrue();
                });
        assertThat(filled).containsExactlyInAnyOrderElementsOf(labels.keySet());
    }

    @Test
    void whatTheHostDoesNotCountIsNotListed() throws IOException {
        counters.host = new Countable(false, false, false, false);
        var missing = new TreeSet<>(expectedNames());
        service().descriptors().forEach(descriptor -> missing.remove(descriptor.getName()));
        assertThat(missing)
                .allMatch(name ->
                        name.startsWith("container_pressure_")
                                || name.startsWith("container_hugetlb_")
                                || name.equals("container_memory_swap")
                                || name.equals("container_memory_max_usage_bytes"))
                .hasSize(10);
    }

    /// `name{label=value,…} value`, with the labels that all share left out.
    private static String line(Metric metric, int shared) {
        List<String> own =
                metric.getLabelValuesList().subList(shared, metric.getLabelValuesCount());
        return "%s%s %d %s"
                .formatted(
                        metric.getName(),
                        own.isEmpty() ? "" : own,
                        metric.getValue().getValue(),
                        metric.getMetricType() == MetricType.COUNTER ? "c" : "g");
    }

    @Test
    void aContainersNumbersStandUnderTheirNames() {
        counters.all = List.of(everything());
        List<Metric> of =
                service().list().getFirst().getContainerMetricsList().getFirst().getMetricsList();
        assertThat(of.getFirst().getLabelValuesList().subList(0, 5))
                .containsExactly(
                        Requests.CONTAINER_ID,
                        "docker.io/library/busybox:latest",
                        "default",
                        "web",
                        "app");
        assertThat(of.stream().map(metric -> line(metric, 5)))
                .contains(
                        "container_cpu_usage_seconds_total[total] 5 c",
                        "container_cpu_user_seconds_total 3 c",
                        "container_cpu_system_seconds_total 2 c",
                        "container_cpu_cfs_periods_total 70 c",
                        "container_cpu_cfs_throttled_periods_total 8 c",
                        "container_cpu_cfs_throttled_seconds_total 1 c",
                        "container_memory_usage_bytes 1000 g",
                        "container_memory_working_set_bytes 600 g",
                        "container_memory_rss 300 g",
                        "container_memory_cache 200 g",
                        "container_memory_mapped_file 100 g",
                        "container_memory_kernel_usage 50 g",
                        "container_memory_swap 25 g",
                        "container_memory_max_usage_bytes 2000 g",
                        "container_memory_failcnt 6 c",
                        "container_memory_failures_total[pgfault, container] 60 c",
                        "container_memory_failures_total[pgfault, hierarchy] 80 c",
                        "container_memory_failures_total[pgmajfault, container] 5 c",
                        "container_memory_failures_total[pgmajfault, hierarchy] 7 c",
                        "container_oom_events_total 3 c");
    }

    @Test
    void aContainersDevicesStandUnderTheirNames() {
        counters.all = List.of(everything());
        List<Metric> of =
                service().list().getFirst().getContainerMetricsList().getFirst().getMetricsList();
        assertThat(of.stream().map(metric -> line(metric, 5)))
                .contains(
                        "container_fs_reads_bytes_total[/dev/sda] 4096 c",
                        "container_fs_reads_total[/dev/sda] 1 c",
                        "container_fs_writes_bytes_total[/dev/sda] 8192 c",
                        "container_fs_writes_total[/dev/sda] 2 c",
                        "container_blkio_device_usage_total[/dev/sda, 8, 0, Read] 4096 c",
                        "container_blkio_device_usage_total[/dev/sda, 8, 0, Write] 8192 c",
                        "container_fs_limit_bytes[/dev/sda1] 1000000 g",
                        "container_fs_inodes_total[/dev/sda1] 500 g",
                        "container_fs_inodes_free[/dev/sda1] 400 g",
                        "container_fs_usage_bytes[/dev/sda1] 4096 g",
                        "container_hugetlb_usage_bytes[2MB] 2097152 g",
                        "container_hugetlb_max_usage_bytes[2MB] 0 g",
                        "container_pressure_cpu_waiting_seconds_total 11 c",
                        "container_pressure_cpu_stalled_seconds_total 12 c",
                        "container_pressure_memory_waiting_seconds_total 13 c",
                        "container_pressure_memory_stalled_seconds_total 14 c",
                        "container_pressure_io_waiting_seconds_total 15 c",
                        "container_pressure_io_stalled_seconds_total 16 c");
    }

    @Test
    void aContainersProcessesAndLimitsStandUnderTheirNames() {
        counters.all = List.of(everything());
        List<Metric> of =
                service().list().getFirst().getContainerMetricsList().getFirst().getMetricsList();
        assertThat(of.stream().map(metric -> line(metric, 5)))
                .contains(
                        "container_processes 4 g",
                        "container_threads 9 g",
                        "container_threads_max 0 g",
                        "container_file_descriptors 40 g",
                        "container_sockets 14 g",
                        "container_ulimits_soft[max_open_files] 1024 g",
                        "container_spec_cpu_period 50000 g",
                        "container_spec_cpu_quota 20000 g",
                        "container_spec_cpu_shares 512 g",
                        "container_spec_memory_limit_bytes 67108864 g",
                        "container_spec_memory_swap_limit_bytes 68157440 g",
                        "container_spec_memory_reservation_limit_bytes 4096 g",
                        "container_start_time_seconds %d g"
                                .formatted(Requests.CREATED.plusSeconds(1).getEpochSecond()),
                        "container_last_seen 1800000000 g");
    }

    @Test
    void aPodsTrafficStandsUnderItsInterface() {
        counters.all = List.of(everything());
        PodSandboxMetrics pod = service().list().getFirst();
        assertThat(pod.getPodSandboxId()).isEqualTo(Requests.SANDBOX_ID);
        assertThat(pod.getMetricsList().getFirst().getLabelValuesList())
                .containsExactly(Requests.SANDBOX_ID, "default", "web", "POD", "eth0");
        assertThat(pod.getMetricsList().stream().map(metric -> line(metric, 4)))
                .containsExactly(
                        "container_network_receive_bytes_total[eth0] 1 c",
                        "container_network_receive_packets_total[eth0] 2 c",
                        "container_network_receive_packets_dropped_total[eth0] 4 c",
                        "container_network_receive_errors_total[eth0] 3 c",
                        "container_network_transmit_bytes_total[eth0] 5 c",
                        "container_network_transmit_packets_total[eth0] 6 c",
                        "container_network_transmit_packets_dropped_total[eth0] 8 c",
                        "container_network_transmit_errors_total[eth0] 7 c");
    }

    @Test
    void whatNobodyAskedForHasTheKernelsDefault() {
        PodCounters all = everything();
        ContainerCounters one = all.containers().getFirst();
        var plain = Requests.running(Requests.container(), Requests.sandbox());
        counters.all =
                List.of(
                        new PodCounters(
                                all.sandbox(),
                                List.of(),
                                List.of(
                                        new ContainerCounters(
                                                plain,
                                                one.usage(),
                                                Optional.of(77L),
                                                one.ownFaults(),
                                                List.of(),
                                                0,
                                                Optional.empty()))));
        PodSandboxMetrics pod = service().list().getFirst();
        assertThat(pod.getMetricsList()).isEmpty();
        assertThat(metrics(pod).map(metric -> line(metric, 5)))
                .contains(
                        "container_spec_cpu_period 100000 g",
                        "container_spec_cpu_shares 1024 g",
                        "container_spec_memory_swap_limit_bytes 0 g",
                        "container_spec_memory_reservation_limit_bytes 0 g",
                        "container_threads_max 77 g")
                .noneMatch(line -> line.startsWith("container_spec_cpu_quota"))
                .noneMatch(line -> line.startsWith("container_processes"));
    }

    @Test
    void aMetricWithTheWrongNumberOfLabelsIsRefused() {
        assertThatThrownBy(() -> new MetricList(List.of()).add(PodMetric.CPU_USAGE, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
