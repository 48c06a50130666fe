package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.spec.UserSpec;
import io.carpel.runtime.work.WorkBoard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images as files, read and written by us and by skopeo; users in the merged layers.
final class ImageArchivesIT {
    @TempDir Path directory;
    private RegistryServer registry;
    private ImageStore store;
    private ImagePuller puller;
    private ImageArchives archives;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start(directory.resolve("registry"));
        store =
                ImageStore.open(
                        directory.resolve("images"),
                        ImageSettings.defaults(),
                        new LinuxFileCalls(),
                        Clock.systemUTC());
        puller = new ImagePuller(store, new WorkBoard(Clock.systemUTC()));
        archives = new ImageArchives(store);
    }

    @AfterEach
    void stop() {
        puller.close();
        store.close();
        registry.close();
    }

    private Image pulled(TestImage made) {
        made.push(registry.address(), "app", "v1");
        return puller.pull(PullRequest.of(registry.address() + "/app:v1"));
    }

    private static TestImage sample() {
        return new TestImage()
                .layer(
                        new TestTar()
                                .file("etc/passwd", 0644, "old:x:1:1::/:\n")
                                .file("bin/sh", 0755, "sh".repeat(5000)),
                        TestImage.Packing.GZIP)
                .layer(
                        new TestTar()
                                .dir("etc", 0755)
                                .symlink("etc/passwd", "/usr/share/passwd")
                                .file("usr/share/passwd", 0644, "web:x:33:44::/srv:/bin/sh\n")
                                .file("etc/group", 0644, "web:x:44:\nextra:x:50:a,web\n"),
                        TestImage.Packing.ZSTD);
    }

    private void skopeo(String from, String to) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                "skopeo",
                                "--insecure-policy",
                                "copy",
                                "--src-tls-verify=false",
                                "--dest-tls-verify=false",
                                from,
                                to)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("skopeo.log").toFile())
                        .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(directory.resolve("skopeo.log")))
                .isZero();
    }

    @Test
    void roundTripKeepsIdNamesAndUsage() {
        Image image = pulled(sample());
        long bytes = store.usage().bytes();
        for (ImageArchives.Format format : ImageArchives.Format.values()) {
            Path file = directory.resolve("out-" + format);
            archives.exportTo(
                    List.of(registry.address() + "/app:v1"),
                    file,
                    format,
                    PullProgress.NONE,
                    new Cancellation());
            store.remove(image.id());
            assertThat(store.list()).isEmpty();
            List<Image> back = archives.importFrom(file, PullProgress.NONE, new Cancellation());
            assertThat(back).hasSize(1);
            assertThat(back.getFirst().id()).isEqualTo(image.id());
            assertThat(back.getFirst().repoTags()).isEqualTo(image.repoTags());
            // What is being deleted counts until it has gone.
            Await.until(() -> Math.abs(store.usage().bytes() - bytes) <= 8192);
        }
        assertThat(directory.resolve("images/tmp")).isEmptyDirectory();
    }

    @Test
    void skopeoReadsOursAndWeReadSkopeos() throws Exception {
        Image image = pulled(sample());
        Path ours = directory.resolve("ours.tar");
        archives.exportTo(
                List.of(image.id()),
                ours,
                ImageArchives.Format.DOCKER_ARCHIVE,
                PullProgress.NONE,
                new Cancellation());
        skopeo("docker-archive:" + ours, "docker://" + registry.address() + "/again:v1");
        assertThat(puller.pull(PullRequest.of(registry.address() + "/again:v1")).id())
                .isEqualTo(image.id());
        Path docker = directory.resolve("docker.tar");
        Path oci = directory.resolve("oci.tar");
        skopeo(
                "docker://" + registry.address() + "/again:v1",
                "docker-archive:" + docker + ":example.test/saved:1");
        skopeo("docker://" + registry.address() + "/app:v1", "oci-archive:" + oci + ":x.test/o:2");
        store.remove(image.id());
        Image saved = archives.importFrom(docker, PullProgress.NONE, new Cancellation()).getFirst();
        assertThat(saved.repoTags()).containsExactly("example.test/saved:1");
        assertThat(saved.id()).isEqualTo(image.id());
        Image layout = archives.importFrom(oci, PullProgress.NONE, new Cancellation()).getFirst();
        assertThat(layout.repoTags()).containsExactly("example.test/saved:1", "x.test/o:2");
    }

    @Test
    void rubbishIsNamedAndLeavesNothing() throws IOException {
        Path rubbish = directory.resolve("rubbish.tar");
        Files.write(rubbish, new TestTar().file("hello", 0644, "x").bytes());
        assertThatThrownBy(
                        () -> archives.importFrom(rubbish, PullProgress.NONE, new Cancellation()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("neither an OCI layout nor a docker archive");
        Files.write(
                rubbish,
                "no tar at all, but long enough".repeat(100).getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(
                        () -> archives.importFrom(rubbish, PullProgress.NONE, new Cancellation()))
                .isInstanceOf(InvalidArgumentException.class);
        assertThat(directory.resolve("images/tmp")).isEmptyDirectory();
        assertThat(store.list()).isEmpty();
    }

    @Test
    void leasesKeepLayersOfRemovedImages() {
        Image image = pulled(sample());
        store.lease(image.id(), "container-1");
        assertThat(store.remove(image.id())).hasSize(2);
        assertThat(store.find(image.id())).isEmpty();
        assertThat(image.layers()).allSatisfy(layer -> assertThat(layer).isDirectory());
        assertThat(store.lease(image.id(), "container-1").layers()).isEqualTo(image.layers());
        store.release(image.id(), "container-1");
        assertThat(image.layers()).allSatisfy(layer -> assertThat(layer).doesNotExist());
    }

    @Test
    void usersComeFromTheMergedLayers() {
        Image image = pulled(sample().user("web"));
        ImageAccounts accounts = new ImageAccounts(new LinuxFileCalls());
        assertThat(accounts.resolve(image, UserSpec.imageDefault()))
                .isEqualTo(new ResolvedUser(33, 44, List.of(44L, 50L), "/srv"));
        assertThat(accounts.resolve(image, user(Optional.of(7L), Optional.empty(), false)))
                .isEqualTo(new ResolvedUser(7, 0, List.of(0L, 9L), "/"));
        assertThat(
                        accounts.resolve(image, user(Optional.empty(), Optional.of("web"), true))
                                .groups())
                .containsExactly(9L, 44L);
        for (String name : List.of("old", "nobody", "4294967296", "2147483648", "-1", "a:b", "")) {
            assertThatThrownBy(() ->
                            accounts.resolve(
                                    image, user(Optional.empty(), Optional.of(name), false)))
                    .as(name)
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("user");
        }
    }

    @Test
    void oddImageUsersAreErrors() {
        ImageAccounts accounts = new ImageAccounts(new LinuxFileCalls());
        for (String user : List.of(":", "a:", ":b", "a:b:c", "99999999999999999999", "web:none")) {
            Image image = pulled(sample().user(user));
            assertThatThrownBy(() -> accounts.resolve(image, UserSpec.imageDefault()))
                    .as(user)
                    .isInstanceOf(InvalidArgumentException.class);
        }
    }

    private static UserSpec user(Optional<Long> uid, Optional<String> name, boolean strict) {
        return new UserSpec(uid, name, Optional.empty(), List.of(9L), strict);
    }
}
