package io.carpel.agent.cli.manifest;

import com.google.protobuf.ByteString;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerMetadata;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.KeyValue;
import io.carpel.cri.LinuxContainerConfig;
import io.fabric8.kubernetes.api.model.Container;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One container of a manifest.
public final class ContainerMapper {
    private static final String NAME_LABEL = "io.kubernetes.container.name";

    private final PodManifest manifest;
    private final NodeFacts node;
    private final PodFacts pod;
    private final SecurityMapper security;
    private final MountMapper mounts;

    /// @param images ids of image volumes by the reference in the manifest
    public ContainerMapper(
            PodManifest manifest,
            NodeFacts node,
            PodFacts pod,
            VolumeDirectories volumes,
            Map<String, String> images) {
        this.manifest = manifest;
        this.node = node;
        this.pod = pod;
        this.security = new SecurityMapper(manifest, node);
        this.mounts = new MountMapper(manifest, volumes, security, images);
    }

    /// The log of a container, below the pod's log directory.
    public static String logPath(Container container) {
        return container.getName() + "/0.log";
    }

    /// Refuses a container that must not run as root but would.
    public void checkUser(Container container, Optional<Long> imageUid, String imageUser) {
        security.rootRefusal(container, imageUid, imageUser)
                .ifPresent(why -> {
                    throw new ManifestException(why);
                });
    }

    /// The container as CRI has it.
    ///
    /// @param imageId what the runtime calls the image
    public ContainerConfig map(Container container, String imageId) {
        Map<String, String> variables = new EnvironmentMapper(manifest, node, pod).map(container);
        ContainerConfig.Builder out =
                ContainerConfig.newBuilder()
                        .setMetadata(ContainerMetadata.newBuilder().setName(container.getName()))
                        .setImage(
                                ImageSpec.newBuilder()
                                        .setImage(imageId)
                                        .setUserSpecifiedImage(container.getImage()))
                        .addAllCommand(expand(container.getCommand(), variables))
                        .addAllArgs(expand(container.getArgs(), variables))
                        .setWorkingDir(Optional.ofNullable(container.getWorkingDir()).orElse(""))
                        .addAllMounts(mounts.map(container, variables))
                        .putAllLabels(SandboxMapper.identity(manifest, pod.uid()))
                        .putLabels(NAME_LABEL, container.getName())
                        .setLogPath(logPath(container))
                        .setTty(PodManifest.isTrue(container.getTty()))
                        .setLinux(
                                LinuxContainerConfig.newBuilder()
                                        .setResources(
                                                ResourceMapper.map(
                                                        manifest, container, node.memoryBytes()))
                                        .setSecurityContext(security.container(container)));
        variables.forEach((name, value) ->
                out.addEnvs(
                        KeyValue.newBuilder()
                                .setKey(name)
                                .setValue(ByteString.copyFromUtf8(value))));
        return out.build();
    }

    private static List<String> expand(List<String> words, Map<String, String> variables) {
        return words.stream().map(word -> Expansion.expand(word, variables)).toList();
    }
}
