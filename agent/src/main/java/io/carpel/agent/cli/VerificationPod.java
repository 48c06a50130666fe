package io.carpel.agent.cli;

import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.Polling;
import io.carpel.agent.control.ControlProtocol;
import io.carpel.cri.Container;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerMetadata;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ContainerStatus;
import io.carpel.cri.ContainerStatusRequest;
import io.carpel.cri.CreateContainerRequest;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.LinuxContainerConfig;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.LinuxSandboxSecurityContext;
import io.carpel.cri.ListContainersRequest;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxFilter;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.cri.RemoveImageRequest;
import io.carpel.cri.RemovePodSandboxRequest;
import io.carpel.cri.RunPodSandboxRequest;
import io.carpel.cri.SecurityProfile;
import io.carpel.cri.StartContainerRequest;
import io.carpel.cri.StopPodSandboxRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/// A pod that tries an agent from end to end: an image imported from the distribution, a sandbox
/// with the node's network, a container under the default seccomp profile that looks around and
/// ends, its exit code and its log. Afterwards nothing of it is left, and neither of one whose
/// command died.
final class VerificationPod {
    private static final String NAME = "carpel-verify";
    private static final String LABEL = "carpel.io/verify";

    /// As `deploy/installer/image.py` names it.
    private static final String IMAGE = "carpel.io/verify:1";

    /// Both as the host names them.
    private static final String LAYOUT = "/opt/carpel/share/verify";

    private static final Path LOGS = Path.of("/var/lib/carpel/node/verify");
    private static final String LOG = "main.log";
    private static final String WORD = "carpel-verify: ok";

    private static final Duration DEADLINE = Duration.ofMinutes(2);
    private static final Duration RUN = Duration.ofSeconds(60);
    private static final Duration INTERVAL = Duration.ofMillis(50);
    private static final int MAX_LOG = 4096;

    private final CriClient client;
    private final Path logs;

    /// @param root the host's root directory
    VerificationPod(CriClient client, Path root) {
        this.client = client;
        this.logs = root.resolve(Path.of("/").relativize(LOGS));
    }

    /// @throws NodeException when the pod did not do as it should
    /// @throws io.grpc.StatusRuntimeException when a call failed
    void run() {
        remove();
        try {
            tryIt();
        } catch (RuntimeException e) {
            try {
                remove();
            } catch (RuntimeException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        remove();
    }

    private void tryIt() {
        importImage();
        PodSandboxConfig config = sandbox();
        String pod =
                client.runtime(DEADLINE)
                        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(config).build())
                        .getPodSandboxId();
        String container =
                client.runtime(DEADLINE)
                        .createContainer(
                                CreateContainerRequest.newBuilder()
                                        .setPodSandboxId(pod)
                                        .setConfig(container())
                                        .setSandboxConfig(config)
                                        .build())
                        .getContainerId();
        client.runtime(DEADLINE)
                .startContainer(
                        StartContainerRequest.newBuilder().setContainerId(container).build());
        judge(awaitEnd(container));
    }

    private void judge(ContainerStatus end) {
        String log = log();
        if (end.getExitCode() != 0 || !log.contains(WORD)) {
            throw new NodeException(
                    "the pod that tries the agent ended with code %d (%s); its log: %s"
                            .formatted(
                                    end.getExitCode(),
                                    end.getReason(),
                                    log.isEmpty() ? "empty" : log.strip()));
        }
    }

    private void importImage() {
        new ImageFetcher(client, new PrintWriter(Writer.nullWriter()), true)
                .call(
                        "importing " + LAYOUT,
                        ControlProtocol.IMPORT,
                        new ControlProtocol.Import(LAYOUT));
    }

    private static PodSandboxConfig sandbox() {
        return PodSandboxConfig.newBuilder()
                .setMetadata(
                        PodSandboxMetadata.newBuilder()
                                .setName(NAME)
                                .setNamespace(NAME)
                                .setUid(UUID.randomUUID().toString()))
                .setHostname(NAME)
                .setLogDirectory(LOGS.toString())
                .putLabels(LABEL, "true")
                .setLinux(
                        LinuxPodSandboxConfig.newBuilder()
                                .setSecurityContext(
                                        LinuxSandboxSecurityContext.newBuilder()
                                                .setNamespaceOptions(namespaces())
                                                .setSeccomp(seccomp())))
                .build();
    }

    private static ContainerConfig container() {
        return ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder().setName("main"))
                .setImage(ImageSpec.newBuilder().setImage(IMAGE))
                .setLogPath(LOG)
                .setLinux(
                        LinuxContainerConfig.newBuilder()
                                .setSecurityContext(
                                        LinuxContainerSecurityContext.newBuilder()
                                                .setNamespaceOptions(namespaces())
                                                .setNoNewPrivs(true)
                                                .setReadonlyRootfs(true)
                                                .setSeccomp(seccomp())))
                .build();
    }

    private static NamespaceOption namespaces() {
        return NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER).build();
    }

    private static SecurityProfile seccomp() {
        return SecurityProfile.newBuilder()
                .setProfileType(SecurityProfile.ProfileType.RuntimeDefault)
                .build();
    }

    private ContainerStatus awaitEnd(String container) {
        var last = new AtomicReference<>(ContainerStatus.getDefaultInstance());
        new Polling(INTERVAL)
                .await(
                        "the pod that tries the agent to end",
                        RUN,
                        () -> {
                            last.set(
                                    client.runtime(DEADLINE)
                                            .containerStatus(
                                                    ContainerStatusRequest.newBuilder()
                                                            .setContainerId(container)
                                                            .build())
                                            .getStatus());
                            return last.get().getState() == ContainerState.CONTAINER_EXITED;
                        });
        return last.get();
    }

    private String log() {
        try (var in = Files.newInputStream(logs.resolve(LOG))) {
            return new String(in.readNBytes(MAX_LOG), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "cannot be read: " + e;
        }
    }

    /// Everything that any such pod has left.
    private void remove() {
        client.runtime(DEADLINE)
                .listPodSandbox(
                        ListPodSandboxRequest.newBuilder()
                                .setFilter(
                                        PodSandboxFilter.newBuilder()
                                                .putLabelSelector(LABEL, "true"))
                                .build())
                .getItemsList()
                .forEach(pod -> removePod(pod.getId()));
        client.images(DEADLINE)
                .removeImage(
                        RemoveImageRequest.newBuilder()
                                .setImage(ImageSpec.newBuilder().setImage(IMAGE))
                                .build());
        try {
            Files.deleteIfExists(logs.resolve(LOG));
            Files.deleteIfExists(logs);
        } catch (IOException e) {
            throw new NodeException("cannot remove " + logs + ": " + e, e);
        }
    }

    private void removePod(String pod) {
        var filter = ContainerFilter.newBuilder().setPodSandboxId(pod);
        for (Container container :
                client.runtime(DEADLINE)
                        .listContainers(
                                ListContainersRequest.newBuilder().setFilter(filter).build())
                        .getContainersList()) {
            new PodCleaner(client, logs).stopContainer(container.getId(), Duration.ZERO);
        }
        client.runtime(DEADLINE)
                .stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(pod).build());
        client.runtime(DEADLINE)
                .removePodSandbox(
                        RemovePodSandboxRequest.newBuilder().setPodSandboxId(pod).build());
    }
}
