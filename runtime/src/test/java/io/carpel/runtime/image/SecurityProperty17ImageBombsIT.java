package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.snapshot.LayerLimits;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.work.WorkBoard;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Images that are small to store and endless to unpack, and indexes that go in circles.
@Timeout(120)
final class SecurityProperty17ImageBombsIT {
    private static final long SIZE = 512L << 20;

    @TempDir Path directory;
    private RegistryServer registry;
    private ImageStore store;
    private ImagePuller puller;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start(directory.resolve("registry"));
        ImageSettings defaults = ImageSettings.defaults();
        store =
                ImageStore.open(
                        directory.resolve("images"),
                        new ImageSettings(
                                2,
                                List.of(),
                                new LayerLimits(1000, 1L << 40, 50, 8 << 20),
                                defaults.registry()),
                        new LinuxFileCalls(),
                        Clock.systemUTC());
        puller = new ImagePuller(store, new WorkBoard(Clock.systemUTC()));
    }

    @AfterEach
    void stop() {
        puller.close();
        store.close();
        registry.close();
    }

    /// Writes an endless layer's blob and the hash its archive would have is never reached.
    private void assertRefused(byte[] blob, String reason) {
        byte[] config =
                """
                {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}\
                """
                        .formatted(Digest.of(blob))
                        .getBytes(StandardCharsets.UTF_8);
        TestImage.pushBlob(registry.address(), "bomb", blob);
        TestImage.pushBlob(registry.address(), "bomb", config);
        String manifest =
                """
                {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}\
                """
                        .formatted(
                                TestImage.OCI_MANIFEST,
                                TestImage.descriptor(
                                        "application/vnd.oci.image.config.v1+json", config),
                                TestImage.descriptor(
                                        "application/vnd.oci.image.layer.v1.tar+gzip", blob));
        TestImage.pushManifest(
                registry.address(),
                "bomb",
                "v1",
                TestImage.OCI_MANIFEST,
                manifest.getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> puller.pull(PullRequest.of(registry.address() + "/bomb:v1")))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(reason);
        assertThat(store.list()).isEmpty();
        assertThat(directory.resolve("images/tmp")).isEmptyDirectory();
    }

    private static void zeros(OutputStream out, long size) throws IOException {
        byte[] chunk = new byte[1 << 20];
        for (long left = size; left > 0; left -= chunk.length) {
            out.write(chunk);
        }
    }

    private static byte[] header(char type, long size) {
        byte[] archive = new TestTar().file("zeros", 0644, "").bytes();
        byte[] block = Arrays.copyOf(archive, 512);
        put(block, 124, "%011o\0".formatted(size));
        put(block, 148, "        ");
        block[156] = (byte) type;
        int sum = 0;
        for (byte b : block) {
            sum += b & 0xFF;
        }
        put(block, 148, "%06o\0 ".formatted(sum));
        return block;
    }

    private static void put(byte[] block, int at, String text) {
        byte[] raw = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(raw, 0, block, at, raw.length);
    }

    @Test
    void endlessFileInGzip() throws IOException {
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(blob)) {
            out.write(header('0', SIZE));
            zeros(out, SIZE);
        }
        assertRefused(blob.toByteArray(), "50 times larger");
    }

    @Test
    void endlessPaddingInZstd() throws IOException {
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        try (ZstdOutputStream out = new ZstdOutputStream(blob)) {
            zeros(out, SIZE);
        }
        assertRefused(blob.toByteArray(), "50 times larger");
    }

    @Test
    void endlessNameAndEndlessExtendedHeader() throws IOException {
        for (char type : new char[] {'L', 'x'}) {
            ByteArrayOutputStream blob = new ByteArrayOutputStream();
            try (ZstdOutputStream out = new ZstdOutputStream(blob)) {
                out.write(header(type, SIZE));
                if (type == 'x') {
                    out.write((SIZE + " path=").getBytes(StandardCharsets.US_ASCII));
                }
                zeros(out, SIZE);
            }
            assertRefused(blob.toByteArray(), "layer");
        }
    }

    @Test
    void tooManyEntries() {
        TestTar tar = new TestTar();
        for (int i = 0; i < 1001; i++) {
            tar.file("f" + i, 0644, "");
        }
        assertRefused(TestImage.gzip(tar.bytes()), "more than 1000 entries");
    }

    @Test
    void tooManyDirectoriesOnTheWayToAFewEntries() {
        TestTar tar = new TestTar();
        for (int i = 0; i < 10; i++) {
            tar.file("top" + i + "/d".repeat(200) + "/f", 0644, "");
        }
        assertRefused(TestImage.gzip(tar.bytes()), "more than 1000 entries");
    }

    @Test
    void manyLinksToALargeFileOfTheLayerBelow() {
        byte[] large = new byte[3 << 20];
        new Random(1).nextBytes(large);
        TestTar links = new TestTar();
        for (int i = 0; i < 10; i++) {
            links.hardlink("link" + i, "large");
        }
        new TestImage()
                .layer(
                        new TestTar().file("large", 0644, 0, 0, large, Map.of()),
                        TestImage.Packing.PLAIN)
                .layer(links, TestImage.Packing.GZIP)
                .push(registry.address(), "links", "v1");
        assertThatThrownBy(() -> puller.pull(PullRequest.of(registry.address() + "/links:v1")))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("50 times larger");
        assertThat(directory.resolve("images/tmp")).isEmptyDirectory();
    }

    @Test
    void deepAndWideIndexes() {
        byte[] inner = new TestImage().manifest();
        String type = TestImage.OCI_MANIFEST;
        TestImage.pushBlob(registry.address(), "deep", new TestImage().config());
        TestImage.pushManifest(registry.address(), "deep", "0", type, inner);
        String index = "application/vnd.oci.image.index.v1+json";
        for (int depth = 1; depth <= 5; depth++) {
            inner =
                    "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
                            .formatted(index, TestImage.descriptor(type, inner))
                            .getBytes(StandardCharsets.UTF_8);
            type = index;
            TestImage.pushManifest(registry.address(), "deep", "" + depth, type, inner);
        }
        assertThat(puller.pull(PullRequest.of(registry.address() + "/deep:3")).layers()).isEmpty();
        assertThatThrownBy(() -> puller.pull(PullRequest.of(registry.address() + "/deep:5")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("nested too deep");
        assertThatThrownBy(() -> puller.pull(PullRequest.of(registry.address() + "/none:5")))
                .isInstanceOf(ContainerRuntimeException.class);
    }
}
