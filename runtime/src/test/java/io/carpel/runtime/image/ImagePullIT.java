package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.work.WorkBoard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pulling from a real registry on loopback.
final class ImagePullIT {
    @TempDir Path directory;
    private RegistryServer registry;
    private ImageStore store;
    private ImagePuller puller;

    @BeforeEach
    void start() throws Exception {
        registry = RegistryServer.start(directory.resolve("registry"));
        store = open();
        puller = new ImagePuller(store, new WorkBoard(Clock.systemUTC()));
    }

    private ImageStore open() {
        return ImageStore.open(
                directory.resolve("images"),
                ImageSettings.defaults(),
                new LinuxFileCalls(),
                Clock.systemUTC());
    }

    /// The threads of the transfer may still be about to delete what they used: another store that
    /// opens now would do it for them, and not be given the time.
    private void awaitNothingUnfinished() throws IOException {
        Instant deadline = Instant.now().plus(Duration.ofSeconds(60));
        while (true) {
            try (var entries = Files.list(directory.resolve("images/tmp"))) {
                if (entries.findAny().isEmpty()) {
                    return;
                }
            }
            assertThat(Instant.now()).as("nothing unfinished in time").isBefore(deadline);
            Thread.onSpinWait();
        }
    }

    @AfterEach
    void stop() {
        puller.close();
        store.close();
        registry.close();
    }

    @Test
    void pullsUnpacksAndFindsByEveryForm() throws Exception {
        TestImage made =
                new TestImage()
                        .layer(
                                new TestTar()
                                        .dir("bin", 0755)
                                        .file("bin/sh", 04755, "#!")
                                        .file("gone", 0644, "x"),
                                TestImage.Packing.GZIP)
                        .layer(
                                new TestTar().file(".wh.gone", 0, "").dir("etc", 0700),
                                TestImage.Packing.ZSTD)
                        .layer(
                                new TestTar().file("etc/passwd", 0644, "r"),
                                TestImage.Packing.PLAIN);
        made.push(registry.address(), "some/app", "v1");
        String name = registry.address() + "/some/app";

        Image image = puller.pull(PullRequest.of(name + ":v1"));

        assertThat(image.id()).isEqualTo(made.id());
        assertThat(image.repoTags()).containsExactly(name + ":v1");
        assertThat(image.repoDigests()).hasSize(1);
        assertThat(image.layers()).hasSize(3);
        assertThat(image.config().entrypoint()).containsExactly("/bin/sh");
        Path sh = image.layers().get(0).resolve("bin/sh");
        assertThat(Files.readString(sh)).isEqualTo("#!");
        assertThat((int) Files.getAttribute(sh, "unix:mode") & 07777).isEqualTo(04755);
        Path whiteout = image.layers().get(1).resolve("gone");
        assertThat(
                        (int) Files.getAttribute(whiteout, "unix:mode", LinkOption.NOFOLLOW_LINKS)
                                & 0170000)
                .isEqualTo(0020000);
        for (String ref :
                List.of(
                        name + ":v1",
                        image.repoDigests().getFirst(),
                        image.id(),
                        image.id().substring(7),
                        image.id().substring(7, 20))) {
            assertThat(store.find(ref)).as(ref).contains(image);
        }
        assertThat(store.list()).containsExactly(image);
        awaitNothingUnfinished();
        try (ImageStore again = open()) {
            assertThat(again.list()).containsExactly(image);
        }
        assertThat(directory.resolve("images/tmp")).isEmptyDirectory();
        assertThat(store.remove(name + ":v1")).hasSize(2);
        assertThat(store.list()).isEmpty();
        assertThat(directory.resolve("images/layers")).isEmptyDirectory();
        assertThat(directory.resolve("images/blobs/sha256")).isEmptyDirectory();
    }
}
