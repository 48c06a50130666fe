package io.carpel.agent.cri;

import com.google.protobuf.UnsafeByteOperations;
import io.carpel.agent.events.EventBroadcaster;
import io.carpel.agent.pod.NodeService;
import io.carpel.agent.pod.PodContainerService;
import io.carpel.agent.pod.PodSandboxService;
import io.carpel.agent.stats.PodMetricsService;
import io.carpel.agent.stats.StatsService;
import io.carpel.cri.AttachRequest;
import io.carpel.cri.AttachResponse;
import io.carpel.cri.CheckpointContainerRequest;
import io.carpel.cri.CheckpointContainerResponse;
import io.carpel.cri.CheckpointPodRequest;
import io.carpel.cri.CheckpointPodResponse;
import io.carpel.cri.ContainerEventResponse;
import io.carpel.cri.ContainerStatsRequest;
import io.carpel.cri.ContainerStatsResponse;
import io.carpel.cri.ContainerStatusRequest;
import io.carpel.cri.ContainerStatusResponse;
import io.carpel.cri.CreateContainerRequest;
import io.carpel.cri.CreateContainerResponse;
import io.carpel.cri.ExecRequest;
import io.carpel.cri.ExecResponse;
import io.carpel.cri.ExecSyncRequest;
import io.carpel.cri.ExecSyncResponse;
import io.carpel.cri.GetEventsRequest;
import io.carpel.cri.ListContainerStatsRequest;
import io.carpel.cri.ListContainerStatsResponse;
import io.carpel.cri.ListContainersRequest;
import io.carpel.cri.ListContainersResponse;
import io.carpel.cri.ListMetricDescriptorsRequest;
import io.carpel.cri.ListMetricDescriptorsResponse;
import io.carpel.cri.ListPodSandboxMetricsRequest;
import io.carpel.cri.ListPodSandboxMetricsResponse;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.ListPodSandboxResponse;
import io.carpel.cri.ListPodSandboxStatsRequest;
import io.carpel.cri.ListPodSandboxStatsResponse;
import io.carpel.cri.PodSandboxStatsRequest;
import io.carpel.cri.PodSandboxStatsResponse;
import io.carpel.cri.PodSandboxStatusRequest;
import io.carpel.cri.PodSandboxStatusResponse;
import io.carpel.cri.PortForwardRequest;
import io.carpel.cri.PortForwardResponse;
import io.carpel.cri.RemoveContainerRequest;
import io.carpel.cri.RemoveContainerResponse;
import io.carpel.cri.RemovePodSandboxRequest;
import io.carpel.cri.RemovePodSandboxResponse;
import io.carpel.cri.ReopenContainerLogRequest;
import io.carpel.cri.ReopenContainerLogResponse;
import io.carpel.cri.RestorePodRequest;
import io.carpel.cri.RestorePodResponse;
import io.carpel.cri.RunPodSandboxRequest;
import io.carpel.cri.RunPodSandboxResponse;
import io.carpel.cri.RuntimeConfigRequest;
import io.carpel.cri.RuntimeConfigResponse;
import io.carpel.cri.RuntimeServiceGrpc;
import io.carpel.cri.StartContainerRequest;
import io.carpel.cri.StartContainerResponse;
import io.carpel.cri.StatusRequest;
import io.carpel.cri.StatusResponse;
import io.carpel.cri.StopContainerRequest;
import io.carpel.cri.StopContainerResponse;
import io.carpel.cri.StopPodSandboxRequest;
import io.carpel.cri.StopPodSandboxResponse;
import io.carpel.cri.StreamContainerStatsRequest;
import io.carpel.cri.StreamContainerStatsResponse;
import io.carpel.cri.StreamContainersRequest;
import io.carpel.cri.StreamContainersResponse;
import io.carpel.cri.StreamPodSandboxMetricsRequest;
import io.carpel.cri.StreamPodSandboxMetricsResponse;
import io.carpel.cri.StreamPodSandboxStatsRequest;
import io.carpel.cri.StreamPodSandboxStatsResponse;
import io.carpel.cri.StreamPodSandboxesRequest;
import io.carpel.cri.StreamPodSandboxesResponse;
import io.carpel.cri.UpdateContainerResourcesRequest;
import io.carpel.cri.UpdateContainerResourcesResponse;
import io.carpel.cri.UpdatePodSandboxResourcesRequest;
import io.carpel.cri.UpdatePodSandboxResourcesResponse;
import io.carpel.cri.UpdateRuntimeConfigRequest;
import io.carpel.cri.UpdateRuntimeConfigResponse;
import io.carpel.cri.VersionRequest;
import io.carpel.cri.VersionResponse;
import io.carpel.runtime.container.ExecResult;
import io.carpel.runtime.error.UnsupportedException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/// `runtime.v1.RuntimeService`: unpack, one call, answer.
public final class CriRuntimeService extends RuntimeServiceGrpc.RuntimeServiceImplBase {
    private final PodSandboxService sandboxes;
    private final PodContainerService containers;
    private final NodeService node;
    private final StatsService stats;
    private final EventBroadcaster events;
    private final PodMetricsService metrics;
    private final StreamUrls streams;

    /// @param stats numbers of pods
    /// @param events changes of pods
    /// @param metrics the same by name, for monitoring
    public record Feeds(StatsService stats, EventBroadcaster events, PodMetricsService metrics) {}

    public CriRuntimeService(
            PodSandboxService sandboxes,
            PodContainerService containers,
            NodeService node,
            Feeds feeds,
            StreamUrls streams) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.node = node;
        this.stats = feeds.stats();
        this.events = feeds.events();
        this.metrics = feeds.metrics();
        this.streams = streams;
    }

    @Override
    public void version(VersionRequest request, StreamObserver<VersionResponse> out) {
        Answers.one(out, node.version());
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> out) {
        Answers.one(out, node.status(request.getVerbose()));
    }

    @Override
    public void runtimeConfig(
            RuntimeConfigRequest request, StreamObserver<RuntimeConfigResponse> out) {
        Answers.one(out, node.runtimeConfig());
    }

    @Override
    public void updateRuntimeConfig(
            UpdateRuntimeConfigRequest request, StreamObserver<UpdateRuntimeConfigResponse> out) {
        node.updateRuntimeConfig(request.getRuntimeConfig().getNetworkConfig().getPodCidr());
        Answers.one(out, UpdateRuntimeConfigResponse.getDefaultInstance());
    }

    @Override
    public void runPodSandbox(
            RunPodSandboxRequest request, StreamObserver<RunPodSandboxResponse> out) {
        String id = sandboxes.run(request.getConfig(), request.getRuntimeHandler());
        Answers.one(out, RunPodSandboxResponse.newBuilder().setPodSandboxId(id).build());
    }

    @Override
    public void stopPodSandbox(
            StopPodSandboxRequest request, StreamObserver<StopPodSandboxResponse> out) {
        sandboxes.stop(request.getPodSandboxId());
        Answers.one(out, StopPodSandboxResponse.getDefaultInstance());
    }

    @Override
    public void removePodSandbox(
            RemovePodSandboxRequest request, StreamObserver<RemovePodSandboxResponse> out) {
        sandboxes.remove(request.getPodSandboxId());
        Answers.one(out, RemovePodSandboxResponse.getDefaultInstance());
    }

    @Override
    public void podSandboxStatus(
            PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> out) {
        Answers.one(out, sandboxes.status(request.getPodSandboxId(), request.getVerbose()));
    }

    @Override
    public void listPodSandbox(
            ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> out) {
        Answers.one(
                out,
                ListPodSandboxResponse.newBuilder()
                        .addAllItems(sandboxes.list(request.getFilter()))
                        .build());
    }

    @Override
    public void streamPodSandboxes(
            StreamPodSandboxesRequest request, StreamObserver<StreamPodSandboxesResponse> out) {
        Answers.batches(
                out,
                sandboxes.list(request.getFilter()),
                batch -> StreamPodSandboxesResponse.newBuilder().addAllPodSandboxes(batch).build());
    }

    @Override
    public void updatePodSandboxResources(
            UpdatePodSandboxResourcesRequest request,
            StreamObserver<UpdatePodSandboxResourcesResponse> out) {
        sandboxes.updateResources(
                request.getPodSandboxId(), request.getOverhead(), request.getResources());
        Answers.one(out, UpdatePodSandboxResourcesResponse.getDefaultInstance());
    }

    @Override
    public void createContainer(
            CreateContainerRequest request, StreamObserver<CreateContainerResponse> out) {
        String id = containers.create(request.getPodSandboxId(), request.getConfig());
        Answers.one(out, CreateContainerResponse.newBuilder().setContainerId(id).build());
    }

    @Override
    public void startContainer(
            StartContainerRequest request, StreamObserver<StartContainerResponse> out) {
        containers.start(request.getContainerId());
        Answers.one(out, StartContainerResponse.getDefaultInstance());
    }

    @Override
    public void stopContainer(
            StopContainerRequest request, StreamObserver<StopContainerResponse> out) {
        containers.stop(request.getContainerId(), request.getTimeout());
        Answers.one(out, StopContainerResponse.getDefaultInstance());
    }

    @Override
    public void removeContainer(
            RemoveContainerRequest request, StreamObserver<RemoveContainerResponse> out) {
        containers.remove(request.getContainerId());
        Answers.one(out, RemoveContainerResponse.getDefaultInstance());
    }

    @Override
    public void containerStatus(
            ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> out) {
        Answers.one(out, containers.status(request.getContainerId(), request.getVerbose()));
    }

    @Override
    public void listContainers(
            ListContainersRequest request, StreamObserver<ListContainersResponse> out) {
        Answers.one(
                out,
                ListContainersResponse.newBuilder()
                        .addAllContainers(containers.list(request.getFilter()))
                        .build());
    }

    @Override
    public void streamContainers(
            StreamContainersRequest request, StreamObserver<StreamContainersResponse> out) {
        Answers.batches(
                out,
                containers.list(request.getFilter()),
                batch -> StreamContainersResponse.newBuilder().addAllContainers(batch).build());
    }

    @Override
    public void updateContainerResources(
            UpdateContainerResourcesRequest request,
            StreamObserver<UpdateContainerResourcesResponse> out) {
        containers.update(request.getContainerId(), request.getLinux());
        Answers.one(out, UpdateContainerResourcesResponse.getDefaultInstance());
    }

    @Override
    public void reopenContainerLog(
            ReopenContainerLogRequest request, StreamObserver<ReopenContainerLogResponse> out) {
        containers.reopenLog(request.getContainerId());
        Answers.one(out, ReopenContainerLogResponse.getDefaultInstance());
    }

    @Override
    public void execSync(ExecSyncRequest request, StreamObserver<ExecSyncResponse> out) {
        ExecResult result =
                containers.execSync(
                        request.getContainerId(), request.getCmdList(), request.getTimeout());
        Answers.one(
                out,
                ExecSyncResponse.newBuilder()
                        .setStdout(UnsafeByteOperations.unsafeWrap(result.stdout().readOnly()))
                        .setStderr(UnsafeByteOperations.unsafeWrap(result.stderr().readOnly()))
                        .setExitCode(result.exitCode())
                        .build());
    }

    @Override
    public void exec(ExecRequest request, StreamObserver<ExecResponse> out) {
        Answers.one(out, ExecResponse.newBuilder().setUrl(streams.exec(request)).build());
    }

    @Override
    public void attach(AttachRequest request, StreamObserver<AttachResponse> out) {
        Answers.one(out, AttachResponse.newBuilder().setUrl(streams.attach(request)).build());
    }

    @Override
    public void portForward(PortForwardRequest request, StreamObserver<PortForwardResponse> out) {
        Answers.one(
                out, PortForwardResponse.newBuilder().setUrl(streams.portForward(request)).build());
    }

    @Override
    public void containerStats(
            ContainerStatsRequest request, StreamObserver<ContainerStatsResponse> out) {
        Answers.one(
                out,
                ContainerStatsResponse.newBuilder()
                        .setStats(stats.container(request.getContainerId()))
                        .build());
    }

    @Override
    public void listContainerStats(
            ListContainerStatsRequest request, StreamObserver<ListContainerStatsResponse> out) {
        Answers.one(
                out,
                ListContainerStatsResponse.newBuilder()
                        .addAllStats(stats.containers(request.getFilter()))
                        .build());
    }

    @Override
    public void streamContainerStats(
            StreamContainerStatsRequest request, StreamObserver<StreamContainerStatsResponse> out) {
        Answers.batches(
                out,
                stats.containers(request.getFilter()),
                batch ->
                        StreamContainerStatsResponse.newBuilder()
                                .addAllContainerStats(batch)
                                .build());
    }

    @Override
    public void podSandboxStats(
            PodSandboxStatsRequest request, StreamObserver<PodSandboxStatsResponse> out) {
        Answers.one(
                out,
                PodSandboxStatsResponse.newBuilder()
                        .setStats(stats.sandbox(request.getPodSandboxId()))
                        .build());
    }

    @Override
    public void listPodSandboxStats(
            ListPodSandboxStatsRequest request, StreamObserver<ListPodSandboxStatsResponse> out) {
        Answers.one(
                out,
                ListPodSandboxStatsResponse.newBuilder()
                        .addAllStats(stats.sandboxes(request.getFilter()))
                        .build());
    }

    @Override
    public void streamPodSandboxStats(
            StreamPodSandboxStatsRequest request,
            StreamObserver<StreamPodSandboxStatsResponse> out) {
        Answers.batches(
                out,
                stats.sandboxes(request.getFilter()),
                batch ->
                        StreamPodSandboxStatsResponse.newBuilder()
                                .addAllPodSandboxStats(batch)
                                .build());
    }

    @Override
    public void getContainerEvents(
            GetEventsRequest request, StreamObserver<ContainerEventResponse> out) {
        EventStream.open(events, (ServerCallStreamObserver<ContainerEventResponse>) out);
    }

    @Override
    public void listMetricDescriptors(
            ListMetricDescriptorsRequest request,
            StreamObserver<ListMetricDescriptorsResponse> out) {
        Answers.one(
                out,
                ListMetricDescriptorsResponse.newBuilder()
                        .addAllDescriptors(metrics.descriptors())
                        .build());
    }

    @Override
    public void listPodSandboxMetrics(
            ListPodSandboxMetricsRequest request,
            StreamObserver<ListPodSandboxMetricsResponse> out) {
        Answers.one(
                out,
                ListPodSandboxMetricsResponse.newBuilder()
                        .addAllPodMetrics(metrics.list())
                        .build());
    }

    @Override
    public void streamPodSandboxMetrics(
            StreamPodSandboxMetricsRequest request,
            StreamObserver<StreamPodSandboxMetricsResponse> out) {
        Answers.batches(
                out,
                metrics.list(),
                batch ->
                        StreamPodSandboxMetricsResponse.newBuilder()
                                .addAllPodSandboxMetrics(batch)
                                .build());
    }

    @Override
    public void checkpointContainer(
            CheckpointContainerRequest request, StreamObserver<CheckpointContainerResponse> out) {
        throw new UnsupportedException("CheckpointContainer is not supported by this version");
    }

    @Override
    public void checkpointPod(
            CheckpointPodRequest request, StreamObserver<CheckpointPodResponse> out) {
        throw new UnsupportedException("CheckpointPod is not supported by this version");
    }

    @Override
    public void restorePod(RestorePodRequest request, StreamObserver<RestorePodResponse> out) {
        throw new UnsupportedException("RestorePod is not supported by this version");
    }
}
