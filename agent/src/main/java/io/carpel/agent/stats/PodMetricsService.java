package io.carpel.agent.stats;

import io.carpel.agent.translate.Payload;
import io.carpel.cri.ContainerMetrics;
import io.carpel.cri.MetricDescriptor;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.cri.PodSandboxMetrics;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.stats.ContainerCounters;
import io.carpel.runtime.stats.Countable;
import io.carpel.runtime.stats.FilesystemSize;
import io.carpel.runtime.stats.InterfaceStats;
import io.carpel.runtime.stats.PodCounters;
import java.util.Arrays;
import java.util.List;

/// Numbers of pods by name, for monitoring through the kubelet: everything is read when asked for.
public final class PodMetricsService {
    /// What stands for the pod itself where a container's name is expected, as cAdvisor has it.
    private static final String POD = "POD";

    private final Counters counters;
    private final Usages usages;
    private final List<MetricDescriptor> descriptors;

    public PodMetricsService(Counters counters, Usages usages) {
        this.counters = counters;
        this.usages = usages;
        Countable host = counters.countable();
        this.descriptors =
                Arrays.stream(PodMetric.values())
                        .filter(metric -> metric.isCounted(host))
                        .map(PodMetric::descriptor)
                        .toList();
    }

    /// Always the same.
    public List<MetricDescriptor> descriptors() {
        return descriptors;
    }

    /// Of all pods that are ready and their live containers.
    public List<PodSandboxMetrics> list() {
        FilesystemSize filesystem = counters.filesystem();
        return counters.pods().stream().map(pod -> metrics(pod, filesystem)).toList();
    }

    private PodSandboxMetrics metrics(PodCounters pod, FilesystemSize filesystem) {
        PodSandboxMetadata metadata = Payload.of(pod.sandbox()).getMetadata();
        PodSandboxMetrics.Builder built =
                PodSandboxMetrics.newBuilder().setPodSandboxId(pod.sandbox().id());
        MetricList network =
                new MetricList(
                        List.of(
                                pod.sandbox().id(),
                                metadata.getNamespace(),
                                metadata.getName(),
                                POD));
        pod.interfaces().forEach(one -> addTraffic(network, one));
        built.addAllMetrics(network.all());
        for (ContainerCounters one : pod.containers()) {
            built.addContainerMetrics(metrics(one, metadata, filesystem));
        }
        return built.build();
    }

    private ContainerMetrics metrics(
            ContainerCounters one, PodSandboxMetadata pod, FilesystemSize filesystem) {
        Container container = one.container();
        MetricList list =
                new MetricList(
                        List.of(
                                container.id(),
                                image(container),
                                pod.getNamespace(),
                                pod.getName(),
                                Payload.of(container).getMetadata().getName()));
        ContainerMetricsTranslator.add(list, one, counters::device);
        ContainerMetricsTranslator.addFilesystem(
                list, filesystem, usages.writableLayer(container.id()));
        return ContainerMetrics.newBuilder()
                .setContainerId(container.id())
                .addAllMetrics(list.all())
                .build();
    }

    private static String image(Container container) {
        return container.imageTag().isEmpty() ? container.imageRef() : container.imageTag();
    }

    private static void addTraffic(MetricList to, InterfaceStats one) {
        to.add(PodMetric.NETWORK_RX_BYTES, one.receivedBytes(), one.name());
        to.add(PodMetric.NETWORK_RX_PACKETS, one.receivedPackets(), one.name());
        to.add(PodMetric.NETWORK_RX_DROPPED, one.receiveDrops(), one.name());
        to.add(PodMetric.NETWORK_RX_ERRORS, one.receiveErrors(), one.name());
        to.add(PodMetric.NETWORK_TX_BYTES, one.sentBytes(), one.name());
        to.add(PodMetric.NETWORK_TX_PACKETS, one.sentPackets(), one.name());
        to.add(PodMetric.NETWORK_TX_DROPPED, one.sendDrops(), one.name());
        to.add(PodMetric.NETWORK_TX_ERRORS, one.sendErrors(), one.name());
    }
}
