package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.image.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;

/// A blob as it arrives: hashed, counted, never longer than announced.
final class VerifiedBlob extends InputStream {
    private static final int BUFFER = 64 * 1024;

    private final InputStream in;
    private final Optional<Digest> expected;
    private final long size;
    private final Optional<MessageDigest> hash;
    private final byte[] buffer = new byte[BUFFER];
    private int at;
    private int end;
    private volatile long received;

    /// @param expected announced hash; nothing when none was announced
    /// @param size announced size; negative when unknown
    VerifiedBlob(InputStream in, Optional<Digest> expected, long size) {
        this.in = in;
        this.expected = expected;
        this.size = size;
        this.hash = expected.map(Digest::hasher);
    }

    long received() {
        return received;
    }

    /// The first bytes, to recognise a compression by; fewer at the end of a short blob.
    byte[] peek(int count) throws IOException {
        while (end - at < count && fill()) {
            // until enough is buffered or the blob ends
        }
        return Arrays.copyOfRange(buffer, at, Math.min(end, at + count));
    }

    private boolean fill() throws IOException {
        if (at == end) {
            at = 0;
            end = 0;
        }
        if (end == buffer.length) {
            return false;
        }
        int got = in.read(buffer, end, buffer.length - end);
        if (got <= 0) {
            return false;
        }
        if (hash.isPresent()) {
            hash.get().update(buffer, end, got);
        }
        end += got;
        long total = received + got;
        received = total;
        if (size >= 0 && total > size) {
            throw new DigestMismatchException(
                    "blob %s is longer than the announced %d bytes".formatted(name(), size));
        }
        return true;
    }

    @Override
    public int read() throws IOException {
        return at == end && !fill() ? -1 : buffer[at++] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (at == end && !fill()) {
            return -1;
        }
        int count = Math.min(length, end - at);
        System.arraycopy(buffer, at, into, offset, count);
        at += count;
        return count;
    }

    /// Never 0 before the end: decompressors take 0 for the end of a file of several members.
    @Override
    public int available() throws IOException {
        return at < end || fill() ? end - at : 0;
    }

    /// Reads what is left and compares.
    ///
    /// @throws DigestMismatchException when size or digest differ
    void verify() throws IOException {
        do {
            at = end;
        } while (fill());
        if (size >= 0 && received != size) {
            throw new DigestMismatchException(
                    "blob %s has %d bytes instead of %d".formatted(name(), received, size));
        }
        if (expected.isPresent() && hash.isPresent()) {
            Digest actual = Digest.of(expected.get().algorithm(), hash.get().digest());
            if (!actual.equals(expected.get())) {
                throw new DigestMismatchException(
                        "blob %s has the content of %s".formatted(name(), actual));
            }
        }
    }

    private String name() {
        return expected.map(Digest::toString).orElse("of the archive");
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
