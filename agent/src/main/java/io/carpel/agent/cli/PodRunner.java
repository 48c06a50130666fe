package io.carpel.agent.cli;

import io.carpel.agent.cli.manifest.ContainerMapper;
import io.carpel.agent.cli.manifest.NodeFacts;
import io.carpel.agent.cli.manifest.PodFacts;
import io.carpel.agent.cli.manifest.PodManifest;
import io.carpel.agent.cli.manifest.SandboxMapper;
import io.carpel.agent.cli.manifest.VolumeDirectories;
import io.carpel.cri.ContainerStatus;
import io.carpel.cri.CreateContainerRequest;
import io.carpel.cri.Image;
import io.carpel.cri.PodSandboxStatusRequest;
import io.carpel.cri.RunPodSandboxRequest;
import io.carpel.cri.StartContainerRequest;
import io.fabric8.kubernetes.api.model.Container;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Brings one pod up in the order of Kubernetes: images, volumes, sandbox, init containers one
/// after the other, then all containers created and started. What fails leaves nothing behind.
final class PodRunner {
    private static final Duration RUN_DEADLINE = Duration.ofMinutes(4);
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private final CriClient client;
    private final PodManifest manifest;
    private final NodeFacts node;
    private final String uid;
    private final ImageFetcher fetcher;
    private final RunReport report;
    private final VolumeDirectories volumes;
    private final Map<String, Image> images = new LinkedHashMap<>();

    PodRunner(
            CriClient client,
            PodManifest manifest,
            NodeFacts node,
            ImageFetcher fetcher,
            RunReport report) {
        this.client = client;
        this.manifest = manifest;
        this.node = node;
        this.uid = String.valueOf(node.podDirectory().getFileName());
        this.fetcher = fetcher;
        this.report = report;
        this.volumes = new VolumeDirectories(manifest, node);
    }

    /// Makes every image present and checks what only images tell.
    void fetchImages() {
        manifest.containers()
                .forEach(container -> fetch(container.getImage(), container.getImagePullPolicy()));
        manifest.spec().getVolumes().stream()
                .filter(volume -> volume.getImage() != null)
                .forEach(volume ->
                        fetch(volume.getImage().getReference(), volume.getImage().getPullPolicy()));
    }

    private void fetch(String reference, @org.jspecify.annotations.Nullable String givenPolicy) {
        if (images.containsKey(reference)) {
            return;
        }
        String policy = Optional.ofNullable(givenPolicy).orElse("IfNotPresent");
        Optional<Image> here = policy.equals("Always") ? Optional.empty() : fetcher.find(reference);
        if (here.isEmpty() && policy.equals("Never")) {
            throw new CliException(
                    "image %s is not present and its pull policy is Never".formatted(reference));
        }
        images.put(reference, here.orElseGet(() -> pull(reference)));
    }

    private Image pull(String reference) {
        report.say("pulling " + reference);
        return fetcher.pull(reference);
    }

    /// Starts the pod without containers.
    ///
    /// @return its id
    String runSandbox() {
        volumes.prepare();
        RunPodSandboxRequest request = new SandboxMapper(manifest, node).map(uid);
        return client.runtime(RUN_DEADLINE).runPodSandbox(request).getPodSandboxId();
    }

    /// The containers of a running pod.
    Containers containers(String sandbox) {
        var status =
                client.runtime(DEADLINE)
                        .podSandboxStatus(
                                PodSandboxStatusRequest.newBuilder()
                                        .setPodSandboxId(sandbox)
                                        .build())
                        .getStatus();
        List<String> ips =
                Stream.concat(
                                Stream.of(status.getNetwork().getIp()),
                                status.getNetwork().getAdditionalIpsList().stream()
                                        .map(ip -> ip.getIp()))
                        .filter(ip -> !ip.isEmpty())
                        .toList();
        report.say(
                "pod %s/%s is up%s, id %s"
                        .formatted(
                                manifest.namespace(),
                                manifest.name(),
                                ips.isEmpty() ? "" : " at " + String.join(", ", ips),
                                sandbox.substring(0, Math.min(13, sandbox.length()))));
        RunPodSandboxRequest request = new SandboxMapper(manifest, node).map(uid);
        volumes.writeHosts(request.getConfig().getHostname(), ips);
        Map<String, String> ids = new LinkedHashMap<>();
        images.forEach((reference, image) -> ids.put(reference, image.getId()));
        ContainerMapper mapper =
                new ContainerMapper(manifest, node, new PodFacts(uid, ips), volumes, ids);
        return new Containers(sandbox, mapper, request);
    }

    /// Creates and starts the containers of one pod.
    final class Containers {
        private final String sandbox;
        private final ContainerMapper mapper;
        private final RunPodSandboxRequest request;
        private final List<Started> running = new ArrayList<>();

        private Containers(String sandbox, ContainerMapper mapper, RunPodSandboxRequest request) {
            this.sandbox = sandbox;
            this.mapper = mapper;
            this.request = request;
        }

        /// Runs the init containers.
        ///
        /// @return the one that failed, if one did
        Optional<ContainerStatus> init(PodWatch watch) {
            for (Container container : manifest.spec().getInitContainers()) {
                Started started = create(container);
                start(started);
                watch.follow(started);
                if (PodManifest.isSidecar(container)) {
                    running.add(started);
                    continue;
                }
                ContainerStatus end = watch.awaitEnd(List.of(started)).getFirst();
                if (end.getExitCode() != 0) {
                    return Optional.of(end);
                }
            }
            return Optional.empty();
        }

        /// Creates all containers before the first is started: none can meddle with the mounts of
        /// another while they are made.
        List<Started> main(PodWatch watch) {
            List<Started> main =
                    manifest.spec().getContainers().stream().map(this::create).toList();
            for (Started started : main) {
                start(started);
                running.add(started);
                watch.follow(started);
            }
            return main;
        }

        private Started create(Container container) {
            Image image = Optional.ofNullable(images.get(container.getImage())).orElseThrow();
            mapper.checkUser(
                    container,
                    image.hasUid() ? Optional.of(image.getUid().getValue()) : Optional.empty(),
                    image.getUsername());
            String id =
                    client.runtime(DEADLINE)
                            .createContainer(
                                    CreateContainerRequest.newBuilder()
                                            .setPodSandboxId(sandbox)
                                            .setConfig(mapper.map(container, image.getId()))
                                            .setSandboxConfig(request.getConfig())
                                            .build())
                            .getContainerId();
            return new Started(
                    id,
                    container.getName(),
                    node.logDirectory().resolve(ContainerMapper.logPath(container)));
        }

        private void start(Started container) {
            client.runtime(DEADLINE)
                    .startContainer(
                            StartContainerRequest.newBuilder()
                                    .setContainerId(container.id())
                                    .build());
        }

        /// What may still run and nobody waits for.
        List<Started> all() {
            return List.copyOf(running);
        }
    }

    /// A container that exists.
    record Started(String id, String name, java.nio.file.Path log) {}
}
