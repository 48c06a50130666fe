package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/// An open file as a stream; closing it closes the file.
public final class FdStream extends InputStream {
    private static final int BUFFER = 64 * 1024;

    private final FileCalls files;
    private final Fd file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).limit(0);

    public FdStream(FileCalls files, Fd file) {
        this.files = files;
        this.file = file;
    }

    private boolean fill() throws IOException {
        if (!buffer.hasRemaining()) {
            buffer.clear();
            files.read(file, buffer);
            buffer.flip();
        }
        return buffer.hasRemaining();
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer.get() & 0xFF : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, buffer.remaining());
        buffer.get(into, offset, count);
        return count;
    }

    @Override
    public void close() {
        file.close();
    }
}
