package io.carpel.agent.stats;

import com.google.protobuf.ByteString;
import io.carpel.cri.Metric;
import io.carpel.cri.UInt64Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collects the numbers of one container or pod; for one thread. The labels that all of them share
/// are encoded once.
final class MetricList {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final List<ByteString> shared;
    private final List<Metric> metrics = new ArrayList<>();

    /// @param shared label values; one that would be empty says `unknown`
    MetricList(List<String> shared) {
        this.shared = shared.stream().map(MetricList::label).toList();
    }

    private static ByteString label(String value) {
        return ByteString.copyFromUtf8(value.isEmpty() ? "unknown" : value);
    }

    /// @param own values of the metric's own labels, in their order
    /// @throws IllegalArgumentException when there are more or fewer than the metric has
    void add(PodMetric metric, long value, String... own) {
        if (own.length != metric.ownLabels().size()) {
            throw new IllegalArgumentException(
                    "%s has the labels %s".formatted(metric, metric.ownLabels()));
        }
        Metric.Builder built =
                Metric.newBuilder()
                        .setNameBytes(metric.nameBytes())
                        .setMetricType(metric.type())
                        .setValue(UInt64Value.newBuilder().setValue(value));
        // No timestamp: that says it was read just now.
        shared.forEach(built::addLabelValuesBytes);
        for (String value1 : own) {
            built.addLabelValuesBytes(label(value1));
        }
        metrics.add(built.build());
    }

    void add(PodMetric metric, Optional<Long> value, String... own) {
        value.ifPresent(present -> add(metric, present, own));
    }

    /// A time, which the API wants in whole seconds.
    void addSeconds(PodMetric metric, long nanos, String... own) {
        add(metric, nanos / NANOS_PER_SECOND, own);
    }

    List<Metric> all() {
        return metrics;
    }
}
