package io.carpel.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.translate.ImageTranslatorTest;
import io.carpel.cri.AuthConfig;
import io.carpel.cri.FilesystemUsage;
import io.carpel.cri.ImageFilter;
import io.carpel.cri.ImageFsInfoResponse;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.PullImageRequest;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ImageUsage;
import io.carpel.runtime.image.PullRequest;
import io.carpel.runtime.stats.LayerUsage;
import io.grpc.Context;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.ObjectMapper;

@Timeout(30)
final class PodImageServiceTest {
    private static final Image IMAGE = ImageTranslatorTest.image("1000:5", 42);
    private static final String TAG = IMAGE.repoTags().getFirst();

    /// One image, found by its tag and its id; a pull waits to be cancelled when told so.
    private static final class OneImage implements Images {
        private final List<PullRequest> pulls = new ArrayList<>();
        private final List<String> removed = new ArrayList<>();
        private final CountDownLatch pulling = new CountDownLatch(1);
        private boolean waits;

        @Override
        public Optional<Image> find(String ref) {
            if (ref.contains(" ")) {
                throw new InvalidArgumentException("malformed");
            }
            return ref.equals(TAG) || IMAGE.id().startsWith(ref)
                    ? Optional.of(IMAGE)
                    : Optional.empty();
        }

        @Override
        public List<Image> list() {
            return List.of(IMAGE);
        }

        @Override
        public List<String> remove(String ref) {
            removed.add(ref);
            return List.of();
        }

        @Override
        public ImageUsage usage() {
            return new ImageUsage(
                    Path.of("/var/lib/carpel/images"), 7, 8, Instant.ofEpochSecond(9));
        }

        @Override
        public LayerUsage.Usage writableLayers() {
            return new LayerUsage.Usage(Instant.ofEpochSecond(10), 11, 12);
        }

        @Override
        public String configJson(String imageId) {
            return "{\"config\":{\"User\":\"1000:5\"}}";
        }

        @Override
        public Image pull(PullRequest request) {
            pulls.add(request);
            pulling.countDown();
            CountDownLatch stopped = new CountDownLatch(waits ? 1 : 0);
            try (var _ = request.cancellation().onStop(stopped::countDown)) {
                stopped.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            request.cancellation().check();
            return IMAGE;
        }
    }

    private final OneImage images = new OneImage();
    private final PodImageService service =
            new PodImageService(
                    images, () -> Set.of("carpel"), WaitingPods.NONE, new ObjectMapper());

    private static ImageSpec spec(String ref) {
        return ImageSpec.newBuilder().setImage(ref).build();
    }

    private List<io.carpel.cri.Image> list(String ref) {
        return service.list(ImageFilter.newBuilder().setImage(spec(ref)).build());
    }

    private static PullImageRequest pull(String ref) {
        return PullImageRequest.newBuilder().setImage(spec(ref)).build();
    }

    @Test
    void aFilterNeverFails() {
        assertThat(service.list(ImageFilter.getDefaultInstance())).hasSize(1);
        assertThat(list(TAG)).hasSize(1);
        assertThat(list("other")).isEmpty();
        assertThat(list("mal formed")).isEmpty();
    }

    @Test
    void anAbsentImageIsNoError() {
        assertThat(service.status("other", true).hasImage()).isFalse();
        assertThatThrownBy(() -> service.status("", false)).hasMessage("image.image is empty");
        assertThatThrownBy(() -> service.status("mal formed", false))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void everyNameLeadsToTheSameAnswer() {
        assertThat(service.status(TAG, false)).isEqualTo(service.status(IMAGE.id(), false));
        assertThat(service.status(TAG, false).getInfoMap()).isEmpty();
        assertThat(service.status(TAG, true).getInfoOrThrow("info"))
                .contains("\"imageSpec\":{\"config\"");
    }

    @Test
    void aPullPassesReferenceAndCredentials() {
        assertThat(
                        service.pull(
                                pull("busybox").toBuilder()
                                        .setAuth(AuthConfig.newBuilder().setUsername("u"))
                                        .build()))
                .isEqualTo(IMAGE.id());
        assertThat(images.pulls.getFirst().ref()).isEqualTo("busybox");
        assertThat(images.pulls.getFirst().credentials())
                .hasValueSatisfying(auth -> assertThat(auth.username()).isEqualTo("u"));
        service.pull(pull("busybox"));
        assertThat(images.pulls.getLast().credentials()).isEmpty();
    }

    @Test
    void aPullForAnUnknownHandlerIsRefused() {
        assertThatThrownBy(() ->
                        service.pull(
                                PullImageRequest.newBuilder()
                                        .setImage(
                                                spec("busybox").toBuilder()
                                                        .setRuntimeHandler("kata"))
                                        .build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith("image.runtime_handler 'kata'");
        assertThatThrownBy(() -> service.pull(pull(""))).hasMessage("image.image is empty");
    }

    @Test
    void aCallerWhoLeavesEndsThePull() throws Exception {
        images.waits = true;
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Context.CancellableContext context = Context.current().withCancellation();
            var call = executor.submit(context.wrap(() -> service.pull(pull("busybox"))));
            images.pulling.await();
            context.cancel(null);
            assertThatThrownBy(call::get).hasCauseInstanceOf(CancelledException.class);
        }
    }

    @Test
    void aDeadlineEndsThePull() throws Exception {
        images.waits = true;
        try (var executor = Executors.newVirtualThreadPerTaskExecutor();
                var timer = Executors.newSingleThreadScheduledExecutor()) {
            Context.CancellableContext context =
                    Context.current().withDeadlineAfter(20, TimeUnit.MILLISECONDS, timer);
            var call = executor.submit(context.wrap(() -> service.pull(pull("busybox"))));
            assertThatThrownBy(call::get).hasCauseInstanceOf(DeadlineExceededException.class);
            context.close();
        }
    }

    @Test
    void removalPassesTheReference() {
        service.remove("busybox");
        assertThat(images.removed).containsExactly("busybox");
        assertThatThrownBy(() -> service.remove("")).hasMessage("image.image is empty");
    }

    @Test
    void usageIsComplete() {
        FilesystemUsage usage = service.filesystem().getImageFilesystems(0);
        assertThat(usage.getFsId().getMountpoint()).isEqualTo("/var/lib/carpel/images");
        assertThat(usage.getUsedBytes().getValue()).isEqualTo(7);
        assertThat(usage.getInodesUsed().getValue()).isEqualTo(8);
        assertThat(usage.getTimestamp()).isEqualTo(9_000_000_000L);
    }

    @Test
    void writableLayersLieOnTheSameFileSystem() {
        ImageFsInfoResponse info = service.filesystem();
        FilesystemUsage usage = info.getContainerFilesystems(0);
        assertThat(usage.getFsId()).isEqualTo(info.getImageFilesystems(0).getFsId());
        assertThat(usage.getUsedBytes().getValue()).isEqualTo(11);
        assertThat(usage.getInodesUsed().getValue()).isEqualTo(12);
        assertThat(usage.getTimestamp()).isEqualTo(10_000_000_000L);
    }
}
