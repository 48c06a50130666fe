package io.carpel.runtime.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Tells a listener how much has been read, every now and then.
final class ProgressStream extends FilterInputStream {
    private static final long STEP = 256 * 1024;

    private final String layer;
    private final long total;
    private final PullProgress progress;
    private long read;
    private long told;

    ProgressStream(InputStream in, String layer, long total, PullProgress progress) {
        super(in);
        this.layer = layer;
        this.total = total;
        this.progress = progress;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int got = super.read(into, offset, length);
        read += Math.max(got, 0);
        if (read - told >= STEP || read == total) {
            told = read;
            progress.on(new PullProgress.Event.Downloaded(layer, read, total));
        }
        return got;
    }
}
