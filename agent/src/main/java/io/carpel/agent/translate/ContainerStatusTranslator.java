package io.carpel.agent.translate;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerResources;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ContainerStatus;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.LinuxContainerUser;
import io.carpel.cri.Mount;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerUser;
import io.carpel.runtime.spec.MountSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// A container's snapshot → what CRI calls its status.
public final class ContainerStatusTranslator {
    /// For a container whose end nobody saw: not 0, which would be a success.
    private static final int UNKNOWN_EXIT_CODE = 255;

    private ContainerStatusTranslator() {}

    public static ContainerState state(Container container) {
        return switch (container.state()) {
            case io.carpel.runtime.container.ContainerState.Created _ ->
                    ContainerState.CONTAINER_CREATED;
            case io.carpel.runtime.container.ContainerState.Running _ ->
                    ContainerState.CONTAINER_RUNNING;
            case io.carpel.runtime.container.ContainerState.Exited _ ->
                    ContainerState.CONTAINER_EXITED;
            case io.carpel.runtime.container.ContainerState.Unknown _ ->
                    ContainerState.CONTAINER_UNKNOWN;
        };
    }

    public static ContainerStatus status(Container container) {
        ContainerConfig config = Payload.of(container);
        ContainerStatus.Builder status =
                ContainerStatus.newBuilder()
                        .setId(container.id())
                        .setMetadata(config.getMetadata())
                        .setState(state(container))
                        .setCreatedAt(Nanos.of(container.createdAt()))
                        .setImage(image(container, config))
                        .setImageRef(container.imageRef())
                        .setImageId(container.imageId())
                        .putAllLabels(config.getLabelsMap())
                        .putAllAnnotations(config.getAnnotationsMap())
                        .addAllMounts(mounts(container, config))
                        .setLogPath(container.spec().logPath().map(Path::toString).orElse(""))
                        .setResources(
                                ContainerResources.newBuilder()
                                        .setLinux(ResourceTranslator.toCri(container.resources())))
                        .setUser(user(container.user()))
                        .setStopSignal(SignalTranslator.toSignal(container.stopSignal()));
        addLife(status, container);
        return status.build();
    }

    private static void addLife(ContainerStatus.Builder status, Container container) {
        switch (container.state()) {
            case io.carpel.runtime.container.ContainerState.Created _ -> {}
            case io.carpel.runtime.container.ContainerState.Running(int _, var startedAt) ->
                    status.setStartedAt(Nanos.of(startedAt));
            case io.carpel.runtime.container.ContainerState.Exited(
                            int exitCode,
                            String reason,
                            String message,
                            var startedAt,
                            var finishedAt) -> {
                // One that never ran has no start; its end must not lie before it either way.
                long finished = Nanos.of(finishedAt);
                status.setStartedAt(
                                startedAt.map(at -> Math.min(Nanos.of(at), finished)).orElse(0L))
                        .setFinishedAt(finished)
                        .setExitCode(exitCode)
                        .setReason(reason)
                        .setMessage(message);
            }
            case io.carpel.runtime.container.ContainerState.Unknown(String message) ->
                    status.setExitCode(UNKNOWN_EXIT_CODE).setReason("Unknown").setMessage(message);
        }
    }

    public static io.carpel.cri.Container item(Container container) {
        ContainerConfig config = Payload.of(container);
        return io.carpel.cri.Container.newBuilder()
                .setId(container.id())
                .setPodSandboxId(container.spec().sandboxId())
                .setMetadata(config.getMetadata())
                .setImage(config.getImage())
                .setImageRef(container.imageRef())
                .setImageId(container.imageId())
                .setState(state(container))
                .setCreatedAt(Nanos.of(container.createdAt()))
                .putAllLabels(config.getLabelsMap())
                .putAllAnnotations(config.getAnnotationsMap())
                .build();
    }

    // A name for people, since the kubelet asked for an id: a tag of the image, else what the pod's
    // author wrote, else the request's own word.
    private static ImageSpec image(Container container, ContainerConfig config) {
        ImageSpec.Builder image = config.getImage().toBuilder();
        if (!container.imageTag().isEmpty()) {
            image.setImage(container.imageTag());
        } else if (!image.getUserSpecifiedImage().isEmpty()) {
            image.setImage(image.getUserSpecifiedImage());
        }
        return image.build();
    }

    // As requested, in the request's order; a mounted image also shows which one it turned out to
    // be.
    private static List<Mount> mounts(Container container, ContainerConfig config) {
        Map<String, String> imageIds = imageIds(container);
        List<Mount> mounts = new ArrayList<>();
        for (Mount mount : config.getMountsList()) {
            String id = imageIds.get(mount.getContainerPath());
            if (id == null || mount.getImage().getImage().isEmpty()) {
                mounts.add(mount);
            } else {
                mounts.add(
                        mount.toBuilder()
                                .setImage(mount.getImage().toBuilder().setImageRef(id))
                                .build());
            }
        }
        return mounts;
    }

    private static Map<String, String> imageIds(Container container) {
        Map<String, String> ids = new HashMap<>();
        Iterator<String> next = container.imageVolumes().iterator();
        for (MountSpec mount : container.spec().mounts()) {
            if (mount.image().isPresent() && next.hasNext()) {
                ids.put(mount.target(), next.next());
            }
        }
        return ids;
    }

    private static io.carpel.cri.ContainerUser user(ContainerUser user) {
        return io.carpel.cri.ContainerUser.newBuilder()
                .setLinux(
                        LinuxContainerUser.newBuilder()
                                .setUid(user.uid())
                                .setGid(user.gid())
                                .addAllSupplementalGroups(user.groups()))
                .build();
    }
}
