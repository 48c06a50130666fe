package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Layers whose archives mean something else on top of others, looked at through a real overlay.
@Timeout(120)
final class LayerFittingIT {
    @TempDir Path directory;
    private RegistryServer registry;
    private TestStore images;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start(directory.resolve("registry"));
        images = TestStore.open(directory);
    }

    @AfterEach
    void stop() {
        images.close();
        registry.close();
    }

    /// A base as distributions have it since `/lib` became a link.
    private static TestTar merged() {
        return new TestTar()
                .dir("usr", 0755)
                .dir("usr/lib", 0755)
                .file("usr/lib/a", 04755, 5, 6, new byte[] {'a'}, Map.of())
                .file("usr/lib/gone", 0644, "g")
                .symlink("lib", "usr/lib")
                .symlink("abs", "/usr/../usr/lib")
                .dir("tmp", 01777)
                .dir("root", 0700)
                .dir("plain", 0755);
    }

    /// No entry for any directory.
    private static TestTar sparse() {
        return new TestTar()
                .file("lib/b", 0644, "b")
                .file("lib/.wh.gone", 0, "")
                .file("abs/deep/c", 0644, "c")
                .file("tmp/x", 0644, "x")
                .file("root/y/z", 0644, "z")
                .file("plain/p", 0644, "p")
                .symlink("own", "usr/lib")
                .file("own/d", 0644, "d")
                .hardlink("lib/hard", "lib/a");
    }

    private String push(String name, TestImage image) {
        image.push(registry.address(), name, "v1");
        return registry.address() + "/" + name + ":v1";
    }

    private static TestImage image(TestTar... layers) {
        TestImage out = new TestImage();
        for (TestTar layer : layers) {
            out.layer(layer, TestImage.Packing.GZIP);
        }
        return out;
    }

    @FunctionalInterface
    private interface Look {
        void at(Path root) throws IOException;
    }

    private void mounted(Image image, Look look) throws Exception {
        Path target = Files.createDirectories(directory.resolve("mnt"));
        Path empty = Files.createDirectories(directory.resolve("empty"));
        String lower =
                image.layers().reversed().stream()
                        .map(Path::toString)
                        .collect(Collectors.joining(":"));
        // A mount(8) of today tells the kernel one option after the other, and each has 255
        // characters.
        HostCommand.run(
                "env",
                "LIBMOUNT_FORCE_MOUNT2=always",
                "mount",
                "-t",
                "overlay",
                "overlay",
                "-o",
                "ro,lowerdir=" + lower + ":" + empty,
                target.toString());
        try {
            look.at(target);
        } finally {
            HostCommand.run("umount", target.toString());
        }
    }

    private static int mode(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    private void assertFits(Path root) throws IOException {
        assertThat(Files.readSymbolicLink(root.resolve("lib"))).hasToString("usr/lib");
        assertThat(root.resolve("lib/a")).hasContent("a");
        assertThat(root.resolve("usr/lib/b")).hasContent("b");
        assertThat(root.resolve("usr/lib/gone")).doesNotExist();
        assertThat(root.resolve("usr/lib/deep/c")).hasContent("c");
        assertThat(root.resolve("usr/lib/d")).hasContent("d");
        assertThat(Files.isSymbolicLink(root.resolve("abs"))).isTrue();
        assertThat(Files.isSymbolicLink(root.resolve("own"))).isTrue();
        assertThat(mode(root.resolve("tmp"))).isEqualTo(01777);
        assertThat(mode(root.resolve("root"))).isEqualTo(0700);
        assertThat(mode(root.resolve("root/y"))).isEqualTo(0755);
        assertThat(root.resolve("root/y/z")).hasContent("z");
        Path hard = root.resolve("usr/lib/hard");
        assertThat(hard).hasContent("a");
        assertThat(mode(hard)).isEqualTo(04755);
        assertThat(Files.getAttribute(hard, "unix:uid")).isEqualTo(5);
    }

    @Test
    void entriesBelowLinkedAndUnnamedDirectories() throws Exception {
        TestImage made = image(merged(), sparse());
        String name = push("merged", made);
        Image image = images.pull(name);
        assertThat(image.id()).isEqualTo(made.id());
        mounted(image, this::assertFits);
        assertThat(images.pull(name).layers()).isEqualTo(image.layers());
        try (var layers = Files.list(directory.resolve("images/layers"))) {
            assertThat(layers).as("the form that did not fit is gone").hasSize(2);
        }
        images.close();
        images = TestStore.open(directory);
        assertThat(images.store().list()).containsExactly(image);
    }

    @Test
    void theSameLayerOnAnotherBaseStaysWhatItIsThere() throws Exception {
        TestTar other =
                new TestTar().dir("lib", 0711).file("lib/a", 0644, "other").dir("usr", 0755);
        Image fitted = images.pull(push("one", image(merged(), sparse())));
        Image second = images.pull(push("two", image(other, sparse())));
        Look onOther =
                root -> {
                    assertThat(Files.isDirectory(root.resolve("lib"), LinkOption.NOFOLLOW_LINKS))
                            .isTrue();
                    assertThat(mode(root.resolve("lib"))).isEqualTo(0711);
                    assertThat(root.resolve("lib/hard")).hasContent("other");
                    assertThat(root.resolve("lib/b")).hasContent("b");
                    assertThat(mode(root.resolve("tmp"))).isEqualTo(0755);
                };
        mounted(fitted, this::assertFits);
        mounted(second, onOther);
        images.store().remove(fitted.id());
        mounted(second, onOther);
    }

    @Test
    void exportedImagesKeepTheirIdAndFitAgain() throws Exception {
        Image image = images.pull(push("merged", image(merged(), sparse())));
        Path archive = directory.resolve("image.tar");
        new ImageArchives(images.store())
                .exportTo(
                        List.of(image.id()),
                        archive,
                        ImageArchives.Format.OCI_ARCHIVE,
                        PullProgress.NONE,
                        new Cancellation());
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        try (TestStore again = TestStore.open(elsewhere)) {
            List<Image> imported =
                    new ImageArchives(again.store())
                            .importFrom(archive, PullProgress.NONE, new Cancellation());
            assertThat(imported).extracting(Image::id).containsExactly(image.id());
            mounted(imported.getFirst(), this::assertFits);
        }
    }

    /// An archive with one file twice cannot be made again from its files: it is transferred again.
    @Test
    void archivesThatCannotBeMadeAgainAreFetchedAgain() throws Exception {
        TestTar twice = sparse().file("twice", 0644, "1").file("twice", 0644, "2");
        mounted(
                images.pull(push("twice", image(merged(), twice))),
                root -> {
                    assertFits(root);
                    assertThat(root.resolve("twice")).hasContent("2");
                });
    }

    @Test
    void linksToNowhereAreRefusedAndLinksOutOfTheImageStayInside() throws Exception {
        assertThatThrownBy(() ->
                        images.pull(
                                push(
                                        "nowhere",
                                        image(
                                                new TestTar().dir("d", 0755),
                                                new TestTar().hardlink("h", "d/none")))))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("'h' is a hard link to 'd/none'");
        assertThatThrownBy(() ->
                        images.pull(
                                push("lowest", image(new TestTar().hardlink("h", "etc/shadow")))))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("hard link");
        assertThat(images.store().list()).isEmpty();
        Path victim = Files.createDirectory(directory.resolve("victim"));
        Image image =
                images.pull(
                        push(
                                "out",
                                image(
                                        new TestTar().symlink("out", "../../.." + victim),
                                        new TestTar().file("out/x", 0644, "inside"))));
        assertThat(victim).isEmptyDirectory();
        mounted(
                image,
                root ->
                        assertThat(root.resolve(victim.toString().substring(1) + "/x"))
                                .hasContent("inside"));
    }

    @Test
    void layersThatFitAreUnpackedOnce() throws Exception {
        TestTar explicit =
                new TestTar().dir("usr", 0755).dir("usr/lib", 0755).file("usr/lib/n", 0644, "n");
        Image image =
                images.pull(
                        push(
                                "plain",
                                image(
                                        merged(),
                                        explicit,
                                        new TestTar().file("plain/q", 0644, "q"))));
        for (int i = 0; i < 3; i++) {
            assertThat(image.layers().get(i))
                    .as("layer " + i + " lies under its own hash")
                    .endsWithRaw(Path.of(diffIds(image).get(i), "fs"));
        }
        mounted(image, root -> assertThat(root.resolve("lib/n")).hasContent("n"));
    }

    private List<String> diffIds(Image image) {
        String config = images.store().configJson(image.id());
        String list = config.substring(config.indexOf("diff_ids"));
        return Pattern.compile("sha256:([0-9a-f]{64})")
                .matcher(list)
                .results()
                .map(match -> match.group(1))
                .toList();
    }
}
