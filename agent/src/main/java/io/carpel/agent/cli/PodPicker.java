package io.carpel.agent.cli;

import io.carpel.cri.Container;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ListContainersRequest;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.PodSandbox;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/// Finds the pod and the container that a user means.
final class PodPicker {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final CriClient client;

    PodPicker(CriClient client) {
        this.client = client;
    }

    /// All pods, the oldest first.
    List<PodSandbox> all() {
        return client
                .runtime(DEADLINE)
                .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                .getItemsList()
                .stream()
                .sorted(Comparator.comparingLong(PodSandbox::getCreatedAt))
                .toList();
    }

    /// The one pod of this name.
    PodSandbox pod(String wanted) {
        List<PodSandbox> found = all().stream().filter(pod -> is(pod, wanted)).toList();
        if (found.size() != 1) {
            throw new CliException(
                    found.isEmpty()
                            ? "there is no pod '" + wanted + "'"
                            : "'%s' means %d pods; name one by its id"
                                    .formatted(wanted, found.size()));
        }
        return found.getFirst();
    }

    /// A name is `name`, `namespace/name`, or the beginning of an id.
    static boolean is(PodSandbox pod, String wanted) {
        String name = pod.getMetadata().getName();
        return (!wanted.isEmpty() && pod.getId().startsWith(wanted))
                || name.equals(wanted)
                || (pod.getMetadata().getNamespace() + "/" + name).equals(wanted);
    }

    /// The containers of a pod, the oldest first.
    List<Container> containers(PodSandbox pod) {
        return client
                .runtime(DEADLINE)
                .listContainers(
                        ListContainersRequest.newBuilder()
                                .setFilter(
                                        ContainerFilter.newBuilder().setPodSandboxId(pod.getId()))
                                .build())
                .getContainersList()
                .stream()
                .sorted(Comparator.comparingLong(Container::getCreatedAt))
                .toList();
    }

    /// The container of this name, its newest attempt; without a name the pod's only one.
    Container container(PodSandbox pod, String name) {
        List<Container> all = containers(pod);
        List<Container> found =
                all.stream()
                        .filter(one -> name.isEmpty() || one.getMetadata().getName().equals(name))
                        .toList();
        String names =
                String.join(
                        ", ",
                        all.stream().map(one -> one.getMetadata().getName()).distinct().toList());
        if (found.isEmpty()) {
            throw new CliException(
                    "pod %s has no container '%s'; it has: %s"
                            .formatted(pod.getMetadata().getName(), name, names));
        }
        long different = found.stream().map(one -> one.getMetadata().getName()).distinct().count();
        if (different > 1) {
            throw new CliException(
                    "pod %s has several containers; name one of: %s"
                            .formatted(pod.getMetadata().getName(), names));
        }
        return found.getLast();
    }
}
