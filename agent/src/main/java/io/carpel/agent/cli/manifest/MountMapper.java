package io.carpel.agent.cli.manifest;

import io.carpel.cri.ImageSpec;
import io.carpel.cri.Mount;
import io.carpel.cri.MountPropagation;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Volume mounts as CRI mounts.
final class MountMapper {
    private final PodManifest manifest;
    private final VolumeDirectories volumes;
    private final SecurityMapper security;
    private final Map<String, String> images;

    /// @param images ids of image volumes by the reference in the manifest
    MountMapper(
            PodManifest manifest,
            VolumeDirectories volumes,
            SecurityMapper security,
            Map<String, String> images) {
        this.manifest = manifest;
        this.volumes = volumes;
        this.security = security;
        this.images = images;
    }

    List<Mount> map(Container container, Map<String, String> variables) {
        List<Mount> mounts = new ArrayList<>();
        int index = 0;
        for (VolumeMount mount : container.getVolumeMounts()) {
            String path = "container %s: volumeMounts[%d]".formatted(container.getName(), index++);
            mounts.add(map(path, mount, variables));
        }
        volumes.hostsFile()
                .ifPresent(file ->
                        mounts.add(bind(file, "/etc/hosts").setSelinuxRelabel(true).build()));
        return mounts;
    }

    private Mount map(String path, VolumeMount mount, Map<String, String> variables) {
        Volume volume =
                manifest.spec().getVolumes().stream()
                        .filter(candidate -> candidate.getName().equals(mount.getName()))
                        .findFirst()
                        .orElseThrow();
        String subPath = subPath(path, mount, variables);
        if (volume.getImage() != null) {
            return image(mount, volume, subPath);
        }
        Path source = volumes.of(volume.getName());
        if (!subPath.isEmpty()) {
            source = volumes.below(path, volume.getName(), subPath);
        }
        return bind(source, mount.getMountPath())
                .setReadonly(PodManifest.isTrue(mount.getReadOnly()))
                .setPropagation(propagation(mount))
                .setRecursiveReadOnly(recursive(path, mount))
                .build();
    }

    /// The volume's files keep their owners: the mount translates them, as the kubelet asks.
    private Mount.Builder bind(Path source, String target) {
        Mount.Builder out =
                Mount.newBuilder().setHostPath(source.toString()).setContainerPath(target);
        if (manifest.userNamespace()) {
            out.addUidMappings(security.idMapping()).addGidMappings(security.idMapping());
        }
        return out;
    }

    private Mount image(VolumeMount mount, Volume volume, String subPath) {
        String reference = volume.getImage().getReference();
        return Mount.newBuilder()
                .setContainerPath(mount.getMountPath())
                .setReadonly(true)
                .setImage(
                        ImageSpec.newBuilder()
                                .setImage(images.getOrDefault(reference, reference))
                                .setUserSpecifiedImage(reference))
                .setImageSubPath(subPath)
                .build();
    }

    private static String subPath(String path, VolumeMount mount, Map<String, String> variables) {
        String text =
                Optional.ofNullable(mount.getSubPath())
                        .or(() ->
                                Optional.ofNullable(mount.getSubPathExpr())
                                        .map(raw -> Expansion.expand(raw, variables)))
                        .orElse("");
        if (text.startsWith("/") || List.of(text.split("/", -1)).contains("..")) {
            throw new ManifestException(
                    "%s.subPath: '%s' is not a path below the volume".formatted(path, text));
        }
        return text;
    }

    private static MountPropagation propagation(VolumeMount mount) {
        String name = Optional.ofNullable(mount.getMountPropagation()).orElse("None");
        return switch (name) {
            case "HostToContainer" -> MountPropagation.PROPAGATION_HOST_TO_CONTAINER;
            case "Bidirectional" -> MountPropagation.PROPAGATION_BIDIRECTIONAL;
            default -> MountPropagation.PROPAGATION_PRIVATE;
        };
    }

    /// `IfPossible` is what every kernel we run on can do.
    private static boolean recursive(String path, VolumeMount mount) {
        String name = Optional.ofNullable(mount.getRecursiveReadOnly()).orElse("Disabled");
        if (!name.equals("Disabled") && !PodManifest.isTrue(mount.getReadOnly())) {
            throw new ManifestException(path + ".recursiveReadOnly: needs readOnly: true");
        }
        return !name.equals("Disabled");
    }
}
