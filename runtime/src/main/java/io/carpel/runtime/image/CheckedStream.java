package io.carpel.runtime.image;

import io.carpel.runtime.image.registry.Interruption;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Stops reading when the caller wants to stop.
final class CheckedStream extends FilterInputStream {
    private final Interruption interruption;

    CheckedStream(InputStream in, Interruption interruption) {
        super(in);
        this.interruption = interruption;
    }

    @Override
    public int read() throws IOException {
        interruption.check();
        return super.read();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        interruption.check();
        return super.read(into, offset, length);
    }
}
