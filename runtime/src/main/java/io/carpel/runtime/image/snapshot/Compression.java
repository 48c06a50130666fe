package io.carpel.runtime.image.snapshot;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/// How a blob is compressed, told from its first bytes: media types are not always right about it,
/// and the digest of the archive decides in the end.
final class Compression {
    private static final int BUFFER = 64 * 1024;
    private static final int MAGIC = 4;

    /// A decoder keeps as much of what it has decoded as a frame's window says; this is what the
    /// highest level of zstd takes. Larger ones are only made by who asks for them by name.
    private static final int WINDOW_LOG = 27;

    private Compression() {}

    static InputStream open(VerifiedBlob blob) throws IOException {
        byte[] head = blob.peek(MAGIC);
        if (startsWith(head, 0x1f, 0x8b)) {
            return new GZIPInputStream(blob, BUFFER);
        }
        if (startsWith(head, 0x28, 0xb5, 0x2f, 0xfd) || isSkippableFrame(head)) {
            return zstd(blob);
        }
        return blob;
    }

    /// Refuses frames by name that would take too much memory.
    private static InputStream zstd(VerifiedBlob blob) throws IOException {
        return new FilterInputStream(new ZstdInputStream(blob).setLongMax(WINDOW_LOG)) {
            @Override
            public int read() throws IOException {
                try {
                    return super.read();
                } catch (ZstdIOException e) {
                    throw told(e);
                }
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                try {
                    return super.read(into, offset, length);
                } catch (ZstdIOException e) {
                    throw told(e);
                }
            }
        };
    }

    private static IOException told(ZstdIOException failure) {
        return failure.getErrorCode() == Zstd.errFrameParameterWindowTooLarge()
                ? new LayerRefusedException(
                        "its zstd compression needs a window of more than %d MiB"
                                .formatted(1 << (WINDOW_LOG - 20)))
                : failure;
    }

    /// zstd:chunked blobs may begin with a frame that decoders leave out.
    private static boolean isSkippableFrame(byte[] head) {
        return head.length == MAGIC
                && (head[0] & 0xF0) == 0x50
                && startsWith(new byte[] {head[1], head[2], head[3]}, 0x2a, 0x4d, 0x18);
    }

    private static boolean startsWith(byte[] head, int... magic) {
        if (head.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((head[i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }
}
