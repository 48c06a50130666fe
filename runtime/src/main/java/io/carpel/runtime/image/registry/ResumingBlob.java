package io.carpel.runtime.image.registry;

import io.carpel.runtime.image.content.Descriptor;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A blob's bytes, once and in order, over as many transfers as it takes.
///
/// After a break it asks for the rest with `Range`; a registry that sends everything again is read
/// over up to the same place. The reader hashes all of it, so a registry that changes its mind in
/// between is found out. Confined to one thread; the caller's wish to stop aborts from another.
final class ResumingBlob extends InputStream {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final int SKIP = 64 * 1024;

    /// Progress that makes earlier failures forgotten.
    private static final long ENOUGH = 1 << 20;

    private final RegistrySession session;
    private final EndpointSession endpoint;
    private final Descriptor blob;
    private final Interruption interruption;
    private final Consumer<String> retrying;
    private final byte[] one = new byte[1];
    private @Nullable BodyStream body;
    private Interruption.@Nullable Registration registration;
    private long position;
    private long failedAt;
    private int failures;

    ResumingBlob(
            RegistrySession session,
            EndpointSession endpoint,
            Descriptor blob,
            Interruption interruption,
            Consumer<String> retrying)
            throws TransferException {
        this.session = session;
        this.endpoint = endpoint;
        this.blob = blob;
        this.interruption = interruption;
        this.retrying = retrying;
        reopen();
    }

    private void reopen() throws TransferException {
        while (true) {
            try {
                connect();
                return;
            } catch (IOException e) {
                failed(e);
            }
        }
    }

    private BodyStream connect() throws IOException {
        String path = endpoint.endpoint().path() + "/blobs/" + blob.digest();
        Map<String, String> headers =
                position == 0 ? Map.of() : Map.of("Range", "bytes=" + position + "-");
        HttpResponse<BodyStream> answer = endpoint.get(path, headers);
        BodyStream stream = answer.body();
        boolean ready = false;
        try {
            session.require(endpoint, answer, "blob " + blob.digest());
            Interruption.Registration stop = interruption.onStop(stream::abort);
            registration = stop;
            if (position > 0 && !continues(answer)) {
                skip(stream);
            }
            ready = true;
        } finally {
            if (!ready) {
                disconnect();
                stream.close();
            }
        }
        body = stream;
        return stream;
    }

    private boolean continues(HttpResponse<?> answer) {
        String range = answer.headers().firstValue("content-range").orElse("");
        return answer.statusCode() == 206 && range.startsWith("bytes " + position + "-");
    }

    private void skip(InputStream stream) throws IOException {
        byte[] sink = new byte[SKIP];
        long left = position;
        while (left > 0) {
            int got = stream.read(sink, 0, (int) Math.min(sink.length, left));
            if (got < 0) {
                throw new IOException("second transfer ends before the first one did");
            }
            left -= got;
        }
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        while (true) {
            BodyStream stream = body;
            try {
                if (stream == null) {
                    stream = connect();
                }
                int got = stream.read(into, offset, length);
                if (got > 0) {
                    position += got;
                    if (position - failedAt > ENOUGH) {
                        failures = 0;
                    }
                    return got;
                }
                if (got == 0 || position >= blob.size()) {
                    return got;
                }
                throw new IOException(
                        "transfer ended after %d of %d bytes".formatted(position, blob.size()));
            } catch (IOException e) {
                disconnect();
                failed(e);
            }
        }
    }

    private void failed(IOException e) throws TransferException {
        interruption.check();
        failedAt = position;
        if (++failures >= endpoint.attempts()) {
            throw new TransferException(e);
        }
        retrying.accept(Exchanges.reason(e));
        Exchanges.pause(FIRST_PAUSE.multipliedBy(1L << Math.min(failures, 6)), interruption);
    }

    private void disconnect() {
        Interruption.Registration stop = registration;
        if (stop != null) {
            stop.close();
            registration = null;
        }
        BodyStream stream = body;
        if (stream != null) {
            stream.close();
            body = null;
        }
    }

    @Override
    public void close() {
        disconnect();
    }
}
