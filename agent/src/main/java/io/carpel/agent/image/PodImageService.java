package io.carpel.agent.image;

import io.carpel.agent.translate.ImageTranslator;
import io.carpel.agent.translate.Nanos;
import io.carpel.cri.FilesystemIdentifier;
import io.carpel.cri.FilesystemUsage;
import io.carpel.cri.Image;
import io.carpel.cri.ImageFilter;
import io.carpel.cri.ImageFsInfoResponse;
import io.carpel.cri.ImageStatusResponse;
import io.carpel.cri.PullImageRequest;
import io.carpel.cri.UInt64Value;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.Cancellation;
import io.carpel.runtime.image.ImageUsage;
import io.carpel.runtime.image.PullRequest;
import io.carpel.runtime.image.RegistryCredentials;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.stats.LayerUsage;
import io.grpc.Context;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// Images, by any reference a caller may use.
public final class PodImageService {
    private final Images images;
    private final Supplier<Set<String>> handlers;
    private final WaitingPods pods;
    private final ObjectMapper json;

    /// @param handlers names of runtime handlers that may be asked for, besides the empty one; they
    ///   may change
    /// @param pods for which images are pulled
    public PodImageService(
            Images images, Supplier<Set<String>> handlers, WaitingPods pods, ObjectMapper json) {
        this.images = images;
        this.handlers = handlers;
        this.pods = pods;
        this.json = json;
    }

    public List<Image> list(ImageFilter filter) {
        String ref = filter.getImage().getImage();
        if (ref.isEmpty()) {
            return images.list().stream().map(ImageTranslator::toCri).toList();
        }
        return find(ref).map(ImageTranslator::toCri).stream().toList();
    }

    // A filter that cannot match is no error.
    private Optional<io.carpel.runtime.image.Image> find(String ref) {
        try {
            return images.find(ref);
        } catch (InvalidArgumentException _) {
            return Optional.empty();
        }
    }

    /// An image that is not present is answered without one.
    public ImageStatusResponse status(String ref, boolean verbose) {
        ImageStatusResponse.Builder response = ImageStatusResponse.newBuilder();
        images.find(reference(ref))
                .ifPresent(image -> {
                    response.setImage(ImageTranslator.toCri(image));
                    if (verbose) {
                        response.putInfo("info", info(image));
                    }
                });
        return response.build();
    }

    private String info(io.carpel.runtime.image.Image image) {
        ObjectNode info = json.createObjectNode();
        info.put("chainLayers", image.layers().size());
        info.set("imageSpec", json.readTree(images.configJson(image.id())));
        return json.writeValueAsString(info);
    }

    /// Pulls until done, or until the caller gives up; then nothing of the image is to be seen.
    ///
    /// @return the image's id
    public String pull(PullImageRequest request) {
        String ref = reference(request.getImage().getImage());
        String handler = request.getImage().getRuntimeHandler();
        if (!handler.isEmpty() && !handlers.get().contains(handler)) {
            throw new InvalidArgumentException(
                    "image.runtime_handler '%s' is not a handler of this runtime"
                            .formatted(Printable.of(handler)));
        }
        Cancellation cancellation = new Cancellation();
        Context context = Context.current();
        Context.CancellationListener listener = ended -> stop(cancellation, ended);
        context.addListener(listener, Runnable::run);
        try {
            Optional<RegistryCredentials> credentials =
                    request.hasAuth()
                            ? Optional.of(ImageTranslator.credentials(request.getAuth()))
                            : Optional.empty();
            return pods.call(
                            request.getSandboxConfig(),
                            progress ->
                                    images.pull(
                                            new PullRequest(
                                                    ref, credentials, progress, cancellation)))
                    .id();
        } finally {
            context.removeListener(listener);
        }
    }

    private static void stop(Cancellation cancellation, Context context) {
        if (context.cancellationCause() instanceof TimeoutException) {
            cancellation.expire();
        } else {
            cancellation.cancel();
        }
    }

    /// One that is not present is removed already.
    public void remove(String ref) {
        images.remove(reference(ref));
    }

    /// Images and writable layers lie on one file system: the same mount point in both lists says
    /// so, and each tells of its own part.
    public ImageFsInfoResponse filesystem() {
        ImageUsage usage = images.usage();
        LayerUsage.Usage layers = images.writableLayers();
        FilesystemIdentifier where =
                FilesystemIdentifier.newBuilder()
                        .setMountpoint(usage.directory().toString())
                        .build();
        return ImageFsInfoResponse.newBuilder()
                .addImageFilesystems(
                        FilesystemUsage.newBuilder()
                                .setTimestamp(Nanos.of(usage.at()))
                                .setFsId(where)
                                .setUsedBytes(UInt64Value.newBuilder().setValue(usage.bytes()))
                                .setInodesUsed(UInt64Value.newBuilder().setValue(usage.inodes())))
                .addContainerFilesystems(
                        FilesystemUsage.newBuilder()
                                .setTimestamp(Nanos.of(layers.at()))
                                .setFsId(where)
                                .setUsedBytes(UInt64Value.newBuilder().setValue(layers.bytes()))
                                .setInodesUsed(UInt64Value.newBuilder().setValue(layers.inodes())))
                .build();
    }

    private static String reference(String ref) {
        if (ref.isEmpty()) {
            throw new InvalidArgumentException("image.image is empty");
        }
        return ref;
    }
}
