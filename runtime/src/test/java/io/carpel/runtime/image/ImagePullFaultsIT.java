package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.registry.RegistrySettings;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.work.WorkBoard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Registries that break off, hang, lie or are not there.
@Timeout(120)
final class ImagePullFaultsIT {
    private static final RegistryCredentials CANARY =
            RegistryCredentials.basic("canary-user", "canary-secret-4711");

    @TempDir Path directory;
    private RegistryServer registry;
    private FaultyProxy proxy;
    private ImageStore store;
    private ImagePuller puller;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start(directory.resolve("registry"));
        proxy = new FaultyProxy(registry.address());
        open(directory.resolve("images"), RegistrySettings.defaults());
    }

    private void open(Path images, RegistrySettings settings) {
        store =
                ImageStore.open(
                        images,
                        new ImageSettings(
                                10,
                                List.of(),
                                ImageSettings.defaults().limits(),
                                new RegistrySettings(
                                        directory.resolve("registries.conf"),
                                        directory.resolve("none"),
                                        directory.resolve("policy.json"),
                                        List.of(),
                                        List.of(),
                                        Duration.ofSeconds(2),
                                        Duration.ofSeconds(2),
                                        settings.attempts())),
                        new LinuxFileCalls(),
                        Clock.systemUTC());
        puller = new ImagePuller(store, new WorkBoard(Clock.systemUTC()));
    }

    @AfterEach
    void stop() throws IOException {
        puller.close();
        store.close();
        proxy.close();
        registry.close();
    }

    private TestImage push(int layers) {
        TestImage made = new TestImage();
        Random random = new Random(1);
        for (int i = 0; i < layers; i++) {
            byte[] content = new byte[300_000];
            random.nextBytes(content);
            made.layer(
                    new TestTar().file("f" + i, 0644, 0, 0, content, Map.of()),
                    TestImage.Packing.GZIP);
        }
        made.push(registry.address(), "app", "v1");
        return made;
    }

    private String ref() {
        return proxy.address() + "/app:v1";
    }

    private void assertNothingLeft() {
        assertThat(store.list()).isEmpty();
        assertThat(directory.resolve("images/tmp")).isEmptyDirectory();
    }

    private static boolean isLayer(String path, TestImage image) {
        return image.blobs().stream().anyMatch(blob -> path.endsWith("/blobs/" + Digest.of(blob)));
    }

    @Test
    void tenLayersThatBreakAreResumed() {
        TestImage made = push(10);
        proxy.script((path, time) ->
                isLayer(path, made) && time < 4
                        ? new FaultyProxy.Fault.Cut(50_000)
                        : new FaultyProxy.Fault.None());
        Image image = puller.pull(PullRequest.of(ref()));
        assertThat(image.layers()).hasSize(10);
        assertThat(proxy.requests).anyMatch(r -> "bytes=150000-".equals(r.headers().get("range")));
    }

    @Test
    void aRegistryThatNeverDeliversIsGivenUp() {
        TestImage made = push(2);
        proxy.script((path, _) ->
                isLayer(path, made) ? new FaultyProxy.Fault.Cut(10) : new FaultyProxy.Fault.None());
        assertThatThrownBy(() -> puller.pull(PullRequest.of(ref())))
                .isInstanceOf(UnavailableException.class)
                .hasMessageStartingWith("RegistryUnavailable");
        assertNothingLeft();
    }

    @Test
    void wrongBytesAreFoundOut() {
        TestImage made = push(3);
        byte[] victim = made.blobs().get(1);
        proxy.script((path, _) ->
                path.endsWith(Digest.of(victim).toString())
                        ? new FaultyProxy.Fault.Flip(victim.length / 2)
                        : new FaultyProxy.Fault.None());
        assertThatThrownBy(() -> puller.pull(PullRequest.of(ref())))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(Digest.of(victim).toString());
        assertNothingLeft();
    }

    @Test
    void wrongManifestByDigestIsFoundOut() {
        TestImage made = push(1);
        String digest = Digest.of(made.manifest()).toString();
        proxy.script((_, _) -> new FaultyProxy.Fault.Flip(20));
        assertThatThrownBy(() -> puller.pull(PullRequest.of(proxy.address() + "/app@" + digest)))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(digest);
        assertNothingLeft();
    }

    @Test
    void hangingIsNoticedAndResumed() {
        TestImage made = push(1);
        proxy.script((path, time) ->
                isLayer(path, made) && time == 1
                        ? new FaultyProxy.Fault.Hang(1000)
                        : new FaultyProxy.Fault.None());
        assertThat(puller.pull(PullRequest.of(ref())).id()).isEqualTo(made.id());
    }

    @Test
    void cancellingIsPromptAndLeavesNothing() throws Exception {
        TestImage made = push(2);
        for (boolean expire : new boolean[] {false, true}) {
            CountDownLatch hanging = new CountDownLatch(1);
            proxy.script((path, _) -> {
                if (!isLayer(path, made)) {
                    return new FaultyProxy.Fault.None();
                }
                hanging.countDown();
                return new FaultyProxy.Fault.Hang(1000);
            });
            Cancellation cancellation = new Cancellation();
            CompletableFuture<Image> pull =
                    pull(new PullRequest(ref(), Optional.empty(), PullProgress.NONE, cancellation));
            assertThat(hanging.await(10, TimeUnit.SECONDS)).isTrue();
            if (expire) {
                cancellation.expire();
            } else {
                cancellation.cancel();
            }
            assertThatThrownBy(() -> pull.get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(
                            expire ? DeadlineExceededException.class : CancelledException.class);
            assertNothingLeft();
        }
    }

    /// On a thread of its own: the pool that futures share has one thread on a machine with two
    /// processors, and the HTTP client wants it for its answers.
    private CompletableFuture<Image> pull(PullRequest request) {
        CompletableFuture<Image> image = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        image.complete(puller.pull(request));
                    } catch (RuntimeException | Error failure) {
                        image.completeExceptionally(failure);
                    }
                });
        return image;
    }

    @Test
    void equalPullsShareOneTransferAndOneMayLeave() throws Exception {
        TestImage made = push(1);
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        proxy.script((path, _) -> {
            if (isLayer(path, made)) {
                asked.countDown();
                try {
                    go.await(20, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return new FaultyProxy.Fault.None();
        });
        CompletableFuture<Image> first = pull(PullRequest.of(ref()));
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        Cancellation leaving = new Cancellation();
        CompletableFuture<Image> second =
                pull(new PullRequest(ref(), Optional.empty(), PullProgress.NONE, leaving));
        leaving.cancel();
        assertThatThrownBy(() -> second.get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CancelledException.class);
        go.countDown();
        assertThat(first.get(20, TimeUnit.SECONDS).id()).isEqualTo(made.id());
        assertThat(proxy.requests.stream().filter(r -> isLayer(r.path(), made))).hasSize(1);
    }

    @Test
    void missingUnreachableAndMalformed() throws IOException {
        assertThatThrownBy(() -> puller.pull(PullRequest.of(proxy.address() + "/none:v1")))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("none:v1");
        int free = RegistryServer.freePort();
        assertThatThrownBy(() -> puller.pull(PullRequest.of("127.0.0.1:" + free + "/a:v1")))
                .isInstanceOf(UnavailableException.class)
                .hasMessageStartingWith("RegistryUnavailable");
        assertThatThrownBy(() -> puller.pull(PullRequest.of("No Name")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("No Name");
    }

    @Test
    void mirrorsAreTriedInOrderAndTheLastAnswerCounts() throws IOException {
        TestImage made = push(1);
        Files.writeString(
                directory.resolve("registries.conf"),
                """
                [[registry]]
                prefix = "real.example.com"
                location = "%s"
                insecure = true
                [[registry.mirror]]
                location = "127.0.0.1:%d"
                insecure = true
                [[registry.mirror]]
                location = "%s"
                insecure = true
                """
                        .formatted(registry.address(), RegistryServer.freePort(), proxy.address()));
        byte[] victim = made.blobs().getFirst();
        proxy.script((path, _) ->
                path.endsWith(Digest.of(victim).toString())
                        ? new FaultyProxy.Fault.Flip(100)
                        : new FaultyProxy.Fault.None());
        Image image =
                puller.pull(
                        new PullRequest(
                                "real.example.com/app:v1",
                                Optional.of(CANARY),
                                PullProgress.NONE,
                                new Cancellation()));
        assertThat(image.repoTags()).containsExactly("real.example.com/app:v1");
        assertThat(proxy.requests).isNotEmpty();
        assertThat(proxy.requests).noneMatch(r -> r.headers().containsKey("authorization"));
    }

    /// Neither by the threads of its own layers, nor by one that both images have.
    @Test
    void aSilentRegistryKeepsNoOtherImageWaiting() throws Exception {
        TestImage many = push(12);
        TestImage one = new TestImage().layer(many.archives().getFirst(), TestImage.Packing.GZIP);
        one.push(registry.address(), "other", "v1");
        CountDownLatch silent = new CountDownLatch(10);
        proxy.script((path, _) -> {
            if (!isLayer(path, many)) {
                return new FaultyProxy.Fault.None();
            }
            silent.countDown();
            return new FaultyProxy.Fault.Hang(1000);
        });
        Cancellation enough = new Cancellation();
        CompletableFuture<Image> stuck =
                CompletableFuture.supplyAsync(() ->
                        puller.pull(
                                new PullRequest(
                                        ref(), Optional.empty(), PullProgress.NONE, enough)));
        assertThat(silent.await(20, TimeUnit.SECONDS)).isTrue();

        assertThat(puller.pull(PullRequest.of(registry.address() + "/other:v1")).layers())
                .hasSize(1);
        assertThat(stuck).isNotDone();
        enough.cancel();
        assertThatThrownBy(() -> stuck.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CancelledException.class);
    }

    @Test
    void imagesCanBeRemovedFromAFullDisk() throws Exception {
        push(1);
        Path small = Files.createDirectory(directory.resolve("small"));
        run("mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", small.toString());
        try {
            puller.close();
            store.close();
            open(small, RegistrySettings.defaults());
            Image image = puller.pull(PullRequest.of(ref()));
            Path filler = small.resolve("filler");
            assertThatThrownBy(() -> Files.write(filler, new byte[2 << 20]))
                    .isInstanceOf(IOException.class);

            store.remove(image.id());
            assertThat(store.list()).isEmpty();
            puller.close();
            store.close();
            open(small, RegistrySettings.defaults());
            assertThat(store.list()).isEmpty();
            Files.delete(filler);
            assertThat(puller.pull(PullRequest.of(ref()))).isEqualTo(image);
        } finally {
            puller.close();
            store.close();
            run("umount", small.toString());
        }
    }

    @Test
    void fullDiskIsSaidAndCleaned() throws Exception {
        push(4);
        Path small = Files.createDirectory(directory.resolve("small"));
        run("mount", "-t", "tmpfs", "-o", "size=600k,mode=0700", "tmpfs", small.toString());
        try {
            puller.close();
            store.close();
            open(small, RegistrySettings.defaults());
            assertThatThrownBy(() -> puller.pull(PullRequest.of(ref())))
                    .isInstanceOf(ResourceExhaustedException.class)
                    .hasMessageContaining("disk is full")
                    .hasMessageContaining(small.toString())
                    .hasMessageContaining("on tmpfs (tmpfs)");
            assertThat(small.resolve("tmp")).isEmptyDirectory();
            assertThat(store.list()).isEmpty();
        } finally {
            puller.close();
            run("umount", small.toString());
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(command[0]).isZero();
    }
}
