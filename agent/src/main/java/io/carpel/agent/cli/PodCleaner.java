package io.carpel.agent.cli;

import io.carpel.agent.cli.manifest.VolumeDirectories;
import io.carpel.cri.Container;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ListContainersRequest;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.RemovePodSandboxRequest;
import io.carpel.cri.StopContainerRequest;
import io.carpel.cri.StopPodSandboxRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/// Stops and removes pods, with what `carpel run` made for them on disk.
final class PodCleaner {
    private static final Duration MARGIN = Duration.ofMinutes(2);
    private static final Pattern UID =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private final CriClient client;
    private final Path podsDirectory;

    PodCleaner(CriClient client, Path podsDirectory) {
        this.client = client;
        this.podsDirectory = podsDirectory;
    }

    /// Stops the containers, those that were made last first, then the pod.
    void stop(String sandbox, Duration grace) {
        for (Container container : containers(sandbox)) {
            if (container.getState() != ContainerState.CONTAINER_EXITED) {
                stopContainer(container.getId(), grace);
            }
        }
        client.runtime(MARGIN)
                .stopPodSandbox(
                        StopPodSandboxRequest.newBuilder().setPodSandboxId(sandbox).build());
    }

    void stopContainer(String container, Duration grace) {
        client.runtime(MARGIN.plus(grace))
                .stopContainer(
                        StopContainerRequest.newBuilder()
                                .setContainerId(container)
                                .setTimeout(grace.toSeconds())
                                .build());
    }

    /// Removes a stopped pod, its logs and its emptyDirs.
    void remove(String sandbox, String uid) {
        client.runtime(MARGIN)
                .removePodSandbox(
                        RemovePodSandboxRequest.newBuilder().setPodSandboxId(sandbox).build());
        removeFiles(uid);
    }

    /// The directories have the pod's uid as their name; no other name is ever removed.
    void removeFiles(String uid) {
        if (UID.matcher(uid).matches()) {
            VolumeDirectories.deleteTree(VolumeDirectories.memoryDirectory(uid));
            VolumeDirectories.deleteTree(podsDirectory.resolve(uid));
        }
    }

    void stopAndRemove(PodSandbox pod, Duration grace) {
        stop(pod.getId(), grace);
        remove(pod.getId(), pod.getMetadata().getUid());
    }

    private List<Container> containers(String sandbox) {
        return client
                .runtime(MARGIN)
                .listContainers(
                        ListContainersRequest.newBuilder()
                                .setFilter(ContainerFilter.newBuilder().setPodSandboxId(sandbox))
                                .build())
                .getContainersList()
                .stream()
                .sorted(Comparator.comparingLong(Container::getCreatedAt).reversed())
                .toList();
    }
}
