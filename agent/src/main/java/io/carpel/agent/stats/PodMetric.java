package io.carpel.agent.stats;

import com.google.protobuf.ByteString;
import io.carpel.cri.MetricDescriptor;
import io.carpel.cri.MetricType;
import io.carpel.runtime.stats.Countable;
import java.util.ArrayList;
import java.util.List;

/// The numbers of ListPodSandboxMetrics: cAdvisor's names, so that what reads a kubelet's
/// `/metrics/cadvisor` today reads the same from us.
///
/// Labels of every number are `id`, `image`, `namespace`, `pod` and `container`, which kubelets
/// since 1.37 expect; those of a pod's network have no image, since a pod has none here. Times are
/// whole seconds, because the API has no fractions.
enum PodMetric {
    CPU_USAGE(
            "container_cpu_usage_seconds_total",
            MetricType.COUNTER,
            "Processor time used so far, in seconds.",
            "cpu"),
    CPU_USER(
            "container_cpu_user_seconds_total",
            MetricType.COUNTER,
            "Processor time used in user mode so far, in seconds."),
    CPU_SYSTEM(
            "container_cpu_system_seconds_total",
            MetricType.COUNTER,
            "Processor time used in the kernel so far, in seconds."),
    CPU_PERIODS(
            "container_cpu_cfs_periods_total",
            MetricType.COUNTER,
            "Periods of the processor quota that have passed."),
    CPU_THROTTLED_PERIODS(
            "container_cpu_cfs_throttled_periods_total",
            MetricType.COUNTER,
            "Periods in which the processor quota was used up."),
    CPU_THROTTLED_TIME(
            "container_cpu_cfs_throttled_seconds_total",
            MetricType.COUNTER,
            "Time spent waiting for the next period of the processor quota, in seconds."),
    MEMORY_CACHE("container_memory_cache", MetricType.GAUGE, "Memory of the page cache, in bytes."),
    MEMORY_RSS("container_memory_rss", MetricType.GAUGE, "Anonymous memory, in bytes."),
    MEMORY_KERNEL(
            "container_memory_kernel_usage",
            MetricType.GAUGE,
            "Memory that the kernel holds for the container, in bytes."),
    MEMORY_MAPPED(
            "container_memory_mapped_file", MetricType.GAUGE, "Memory of mapped files, in bytes."),
    MEMORY_SWAP("container_memory_swap", MetricType.GAUGE, "Swap in use, in bytes."),
    MEMORY_FAILCNT(
            "container_memory_failcnt",
            MetricType.COUNTER,
            "How often memory usage reached its limit."),
    MEMORY_USAGE(
            "container_memory_usage_bytes",
            MetricType.GAUGE,
            "All memory charged to the container, page cache included, in bytes."),
    MEMORY_PEAK(
            "container_memory_max_usage_bytes",
            MetricType.GAUGE,
            "The highest memory usage so far, in bytes."),
    MEMORY_WORKING_SET(
            "container_memory_working_set_bytes",
            MetricType.GAUGE,
            "Memory in use without file pages that are not active, in bytes."),
    MEMORY_FAULTS(
            "container_memory_failures_total",
            MetricType.COUNTER,
            "Page faults so far, of the container alone or with the groups below it.",
            "failure_type",
            "scope"),
    OOM_EVENTS(
            "container_oom_events_total",
            MetricType.COUNTER,
            "Processes that the kernel killed for want of memory."),
    FS_INODES_FREE(
            "container_fs_inodes_free",
            MetricType.GAUGE,
            "Unused inodes of the file system of writable layers.",
            "device"),
    FS_INODES_TOTAL(
            "container_fs_inodes_total",
            MetricType.GAUGE,
            "Inodes of the file system of writable layers.",
            "device"),
    FS_LIMIT(
            "container_fs_limit_bytes",
            MetricType.GAUGE,
            "Size of the file system of writable layers, in bytes.",
            "device"),
    FS_USAGE(
            "container_fs_usage_bytes",
            MetricType.GAUGE,
            "What the writable layer occupies, in bytes.",
            "device"),
    FS_READ_BYTES(
            "container_fs_reads_bytes_total",
            MetricType.COUNTER,
            "Bytes read from the device so far.",
            "device"),
    FS_READS(
            "container_fs_reads_total",
            MetricType.COUNTER,
            "Reads from the device so far.",
            "device"),
    FS_WRITE_BYTES(
            "container_fs_writes_bytes_total",
            MetricType.COUNTER,
            "Bytes written to the device so far.",
            "device"),
    FS_WRITES(
            "container_fs_writes_total",
            MetricType.COUNTER,
            "Writes to the device so far.",
            "device"),
    BLKIO_USAGE(
            "container_blkio_device_usage_total",
            MetricType.COUNTER,
            "Bytes moved to and from the device so far.",
            "device",
            "major",
            "minor",
            "operation"),
    HUGETLB_USAGE(
            "container_hugetlb_usage_bytes",
            MetricType.GAUGE,
            "Huge pages in use, in bytes.",
            "pagesize"),
    HUGETLB_PEAK(
            "container_hugetlb_max_usage_bytes",
            MetricType.GAUGE,
            "The most huge pages in use so far, in bytes; 0 where the kernel does not tell.",
            "pagesize"),
    NETWORK_RX_BYTES(
            "container_network_receive_bytes_total",
            MetricType.COUNTER,
            "Bytes received so far.",
            "interface"),
    NETWORK_RX_PACKETS(
            "container_network_receive_packets_total",
            MetricType.COUNTER,
            "Packets received so far.",
            "interface"),
    NETWORK_RX_DROPPED(
            "container_network_receive_packets_dropped_total",
            MetricType.COUNTER,
            "Packets dropped while receiving so far.",
            "interface"),
    NETWORK_RX_ERRORS(
            "container_network_receive_errors_total",
            MetricType.COUNTER,
            "Errors while receiving so far.",
            "interface"),
    NETWORK_TX_BYTES(
            "container_network_transmit_bytes_total",
            MetricType.COUNTER,
            "Bytes sent so far.",
            "interface"),
    NETWORK_TX_PACKETS(
            "container_network_transmit_packets_total",
            MetricType.COUNTER,
            "Packets sent so far.",
            "interface"),
    NETWORK_TX_DROPPED(
            "container_network_transmit_packets_dropped_total",
            MetricType.COUNTER,
            "Packets dropped while sending so far.",
            "interface"),
    NETWORK_TX_ERRORS(
            "container_network_transmit_errors_total",
            MetricType.COUNTER,
            "Errors while sending so far.",
            "interface"),
    PRESSURE_CPU_STALLED(
            "container_pressure_cpu_stalled_seconds_total",
            MetricType.COUNTER,
            "Time in which every task waited for a processor, in seconds."),
    PRESSURE_CPU_WAITING(
            "container_pressure_cpu_waiting_seconds_total",
            MetricType.COUNTER,
            "Time in which a task waited for a processor, in seconds."),
    PRESSURE_IO_STALLED(
            "container_pressure_io_stalled_seconds_total",
            MetricType.COUNTER,
            "Time in which every task waited for a device, in seconds."),
    PRESSURE_IO_WAITING(
            "container_pressure_io_waiting_seconds_total",
            MetricType.COUNTER,
            "Time in which a task waited for a device, in seconds."),
    PRESSURE_MEMORY_STALLED(
            "container_pressure_memory_stalled_seconds_total",
            MetricType.COUNTER,
            "Time in which every task waited for memory, in seconds."),
    PRESSURE_MEMORY_WAITING(
            "container_pressure_memory_waiting_seconds_total",
            MetricType.COUNTER,
            "Time in which a task waited for memory, in seconds."),
    PROCESSES("container_processes", MetricType.GAUGE, "Processes of the container."),
    THREADS("container_threads", MetricType.GAUGE, "Threads of the container."),
    THREADS_MAX(
            "container_threads_max",
            MetricType.GAUGE,
            "How many threads the container may have; 0 when there is no limit."),
    FILE_DESCRIPTORS(
            "container_file_descriptors",
            MetricType.GAUGE,
            "Open file descriptors of the container's processes."),
    SOCKETS("container_sockets", MetricType.GAUGE, "Open sockets of the container's processes."),
    ULIMITS_SOFT(
            "container_ulimits_soft",
            MetricType.GAUGE,
            "Soft resource limit of the container's first process; left out when there is none.",
            "ulimit"),
    SPEC_CPU_PERIOD(
            "container_spec_cpu_period",
            MetricType.GAUGE,
            "Period of the processor quota, in microseconds."),
    SPEC_CPU_QUOTA(
            "container_spec_cpu_quota",
            MetricType.GAUGE,
            "Processor quota in each period, in microseconds; left out when there is none."),
    SPEC_CPU_SHARES(
            "container_spec_cpu_shares",
            MetricType.GAUGE,
            "Share of the processors relative to others, 1024 when nothing is asked for."),
    SPEC_MEMORY_LIMIT(
            "container_spec_memory_limit_bytes",
            MetricType.GAUGE,
            "Memory limit, in bytes; 0 when there is none."),
    SPEC_MEMORY_RESERVATION(
            "container_spec_memory_reservation_limit_bytes",
            MetricType.GAUGE,
            "Memory that is never reclaimed, in bytes; 0 when none is reserved."),
    SPEC_MEMORY_SWAP_LIMIT(
            "container_spec_memory_swap_limit_bytes",
            MetricType.GAUGE,
            "Limit of memory and swap together, in bytes; 0 when there is none."),
    START_TIME(
            "container_start_time_seconds",
            MetricType.GAUGE,
            "When the container was started, in seconds since 1970."),
    LAST_SEEN(
            "container_last_seen",
            MetricType.GAUGE,
            "When the container was last looked at, in seconds since 1970.");

    private static final List<String> CONTAINER_LABELS =
            List.of("id", "image", "namespace", "pod", "container");
    private static final List<String> POD_LABELS = List.of("id", "namespace", "pod", "container");

    private final String metricName;
    private final ByteString nameBytes;
    private final MetricType type;
    private final String help;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> ownLabels;

    PodMetric(String metricName, MetricType type, String help, String... ownLabels) {
        this.metricName = metricName;
        this.nameBytes = ByteString.copyFromUtf8(metricName);
        this.type = type;
        this.help = help;
        this.ownLabels = List.of(ownLabels);
    }

    /// Encoded once: a scrape holds it for every container.
    ByteString nameBytes() {
        return nameBytes;
    }

    MetricType type() {
        return type;
    }

    /// Labels beside those that every number has.
    List<String> ownLabels() {
        return ownLabels;
    }

    private boolean isOfPod() {
        return metricName.startsWith("container_network_");
    }

    MetricDescriptor descriptor() {
        List<String> labels = new ArrayList<>(isOfPod() ? POD_LABELS : CONTAINER_LABELS);
        labels.addAll(ownLabels);
        return MetricDescriptor.newBuilder()
                .setName(metricName)
                .setHelp(help)
                .addAllLabelKeys(labels)
                .build();
    }

    /// Whether this host counts it: what is never filled is not listed either.
    boolean isCounted(Countable host) {
        return switch (this) {
            case PRESSURE_CPU_STALLED,
                    PRESSURE_CPU_WAITING,
                    PRESSURE_IO_STALLED,
                    PRESSURE_IO_WAITING,
                    PRESSURE_MEMORY_STALLED,
                    PRESSURE_MEMORY_WAITING ->
                    host.pressure();
            case HUGETLB_USAGE, HUGETLB_PEAK -> host.hugepages();
            case MEMORY_SWAP -> host.swap();
            case MEMORY_PEAK -> host.memoryPeak();
            default -> true;
        };
    }
}
