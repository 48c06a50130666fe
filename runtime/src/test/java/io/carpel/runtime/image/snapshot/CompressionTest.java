package io.carpel.runtime.image.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/// What blobs are told from, and what a decoder may take.
final class CompressionTest {
    private static final byte[] CONTENT =
            "the content of a layer".getBytes(StandardCharsets.US_ASCII);

    private static byte[] zstd(int windowLog) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZstdOutputStream out = new ZstdOutputStream(bytes)) {
            out.write(CONTENT);
            // Else the length is known, and the frame has no window.
            out.flush();
            out.write(CONTENT);
        }
        byte[] frame = bytes.toByteArray();
        // Behind the magic number and the descriptor (RFC 8878, 3.1.1.1.2).
        frame[5] = (byte) ((windowLog - 10) << 3);
        return frame;
    }

    private static byte[] open(byte[] blob) throws IOException {
        try (InputStream in =
                Compression.open(
                        new VerifiedBlob(
                                new ByteArrayInputStream(blob), Optional.empty(), blob.length))) {
            return in.readAllBytes();
        }
    }

    @Test
    void gzipZstdAndNoCompressionAreToldApart() throws IOException {
        assertThat(open(CONTENT)).isEqualTo(CONTENT);
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
            out.write(CONTENT);
        }
        assertThat(open(gzip.toByteArray())).isEqualTo(CONTENT);
        assertThat(open(zstd(23))).startsWith(CONTENT).hasSize(2 * CONTENT.length);
    }

    @Test
    void windowsOfTheHighestLevelAreTakenAndLargerOnesRefused() throws IOException {
        assertThat(open(zstd(27))).hasSize(2 * CONTENT.length);
        byte[] larger = zstd(28);
        assertThatThrownBy(() -> open(larger))
                .isInstanceOf(LayerRefusedException.class)
                .hasMessage("its zstd compression needs a window of more than 128 MiB");
        // In a later frame, too.
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(zstd(20));
        both.write(larger);
        assertThatThrownBy(() -> open(both.toByteArray()))
                .isInstanceOf(LayerRefusedException.class);
    }
}
