package io.carpel.runtime.image.snapshot;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/// The archive as it is read: hashed, counted, and everything but file content kept aside.
///
/// What is kept aside between two files is their headers: it is parsed a second time for the parts
/// the archive library cannot give back unharmed, and written to the archive's index so that the
/// very same archive can be made again. Bounded, so that no header can fill the heap.
final class TapedStream extends InputStream {
    /// More than this between two files is refused: long names and extended attributes need some
    /// kilobytes, and parsed into small records a header takes a hundred times its size.
    private static final int HEADER_LIMIT = 512 << 10;

    private final InputStream in;
    private final MessageDigest hash;
    private final byte[] one = new byte[1];
    private ByteArrayOutputStream tape = new ByteArrayOutputStream(4096);
    private boolean content;
    private long position;

    TapedStream(InputStream in, MessageDigest hash) {
        this.in = in;
        this.hash = hash;
    }

    /// From now on what is read is a file's content (true) or header (false).
    void content(boolean on) {
        content = on;
    }

    long position() {
        return position;
    }

    /// The bytes kept since the last call.
    byte[] takeTape() {
        byte[] taken = tape.toByteArray();
        if (taken.length > 64 * 1024) {
            tape = new ByteArrayOutputStream(4096);
        } else {
            tape.reset();
        }
        return taken;
    }

    int taped() {
        return tape.size();
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int got = in.read(into, offset, length);
        if (got > 0) {
            hash.update(into, offset, got);
            position += got;
            if (!content) {
                if (tape.size() + got > HEADER_LIMIT) {
                    throw new LayerRefusedException(
                            "headers of one file are larger than " + HEADER_LIMIT + " bytes");
                }
                tape.write(into, offset, got);
            }
        }
        return got;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] sink = new byte[(int) Math.min(8192, Math.max(count, 1))];
        long left = count;
        while (left > 0) {
            int got = read(sink, 0, (int) Math.min(sink.length, left));
            if (got < 0) {
                break;
            }
            left -= got;
        }
        return count - left;
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }
}
