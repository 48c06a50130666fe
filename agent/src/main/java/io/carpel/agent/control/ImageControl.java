package io.carpel.agent.control;

import io.carpel.agent.control.ControlProtocol.Export;
import io.carpel.agent.control.ControlProtocol.Import;
import io.carpel.agent.control.ControlProtocol.Pull;
import io.carpel.agent.control.ControlProtocol.Step;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.Cancellation;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ImageArchives;
import io.carpel.runtime.image.ImageArchives.Format;
import io.carpel.runtime.image.ImagePuller;
import io.carpel.runtime.image.PullRequest;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// Answers `carpel.v1.Images`. Each call works on its own thread and ends early when its client
/// goes.
public final class ImageControl implements BindableService {
    private static final int ARCHIVES = 8;
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final ArchiveThreads threads = new ArchiveThreads(ARCHIVES, GRACE);
    private final ImagePuller puller;
    private final ImageArchives archives;

    public ImageControl(ImagePuller puller, ImageArchives archives) {
        this.puller = puller;
        this.archives = archives;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder(ControlProtocol.SERVICE)
                .addMethod(ControlProtocol.PULL, ServerCalls.asyncServerStreamingCall(this::pull))
                .addMethod(
                        ControlProtocol.IMPORT,
                        ServerCalls.asyncServerStreamingCall(this::importFrom))
                .addMethod(
                        ControlProtocol.EXPORT,
                        ServerCalls.asyncServerStreamingCall(this::exportTo))
                .build();
    }

    private void pull(Pull request, StreamObserver<Step> out) {
        answer(
                out,
                (progress, cancellation) ->
                        List.of(
                                puller.pull(
                                        new PullRequest(
                                                request.reference(),
                                                Optional.empty(),
                                                progress,
                                                cancellation))));
    }

    private void importFrom(Import request, StreamObserver<Step> out) {
        Path source = absolute(request.path());
        answer(
                out,
                (progress, cancellation) ->
                        threads.run(
                                "import " + source,
                                cancellation,
                                () -> archives.importFrom(source, progress, cancellation)));
    }

    private void exportTo(Export request, StreamObserver<Step> out) {
        Path target = absolute(request.path());
        Format format =
                switch (request.format()) {
                    case "oci" -> Format.OCI_ARCHIVE;
                    case "oci-dir" -> Format.OCI_DIRECTORY;
                    case "docker" -> Format.DOCKER_ARCHIVE;
                    default ->
                            throw new InvalidArgumentException(
                                    "format '%s' is not one of oci, oci-dir, docker"
                                            .formatted(request.format()));
                };
        answer(
                out,
                (progress, cancellation) ->
                        threads.run(
                                "export to " + target,
                                cancellation,
                                () -> {
                                    archives.exportTo(
                                            request.references(),
                                            target,
                                            format,
                                            progress,
                                            cancellation);
                                    return List.of();
                                }));
    }

    private static void answer(
            StreamObserver<Step> out, BiFunction<ProgressStream, Cancellation, List<Image>> work) {
        ProgressStream progress = new ProgressStream((ServerCallStreamObserver<Step>) out);
        Cancellation cancellation = new Cancellation();
        // The call's own events wait for this method; the context's do not.
        Context context = Context.current();
        Context.CancellationListener listener = _ -> cancellation.cancel();
        context.addListener(listener, Runnable::run);
        try {
            for (Image image : work.apply(progress, cancellation)) {
                progress.result(
                        image.id(),
                        Stream.concat(image.repoTags().stream(), image.repoDigests().stream())
                                .toList());
            }
        } finally {
            context.removeListener(listener);
        }
        out.onCompleted();
    }

    private static Path absolute(String path) {
        if (!path.startsWith("/")) {
            throw new InvalidArgumentException("path '%s' is not absolute".formatted(path));
        }
        return Path.of(path);
    }
}
