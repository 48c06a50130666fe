package io.carpel.runtime.image.registry;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An answer's body as a stream that gives up when nothing arrives for a while, and that another
/// thread can break off. Holds a bounded number of buffers; one thread reads.
final class BodyStream extends InputStream implements HttpResponse.BodySubscriber<BodyStream> {
    /// Lists of buffers under way at once; the client's lists hold 16 KiB each, mostly.
    private static final int WINDOW = 32;

    private sealed interface Part {
        record Data(List<ByteBuffer> buffers) implements Part {}

        record End() implements Part {}

        record Failure(Throwable cause) implements Part {}
    }

    private final LinkedBlockingQueue<Part> parts = new LinkedBlockingQueue<>();
    private final Duration patience;
    private final byte[] one = new byte[1];
    private volatile Flow.@Nullable Subscription subscription;
    private volatile boolean broken;
    private List<ByteBuffer> current = List.of();
    private int index;
    private @Nullable Part last;

    BodyStream(Duration patience) {
        this.patience = patience;
    }

    @Override
    public CompletionStage<BodyStream> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription s) {
        subscription = s;
        if (broken) {
            s.cancel();
        } else {
            s.request(WINDOW);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
        parts.add(new Part.Data(item));
    }

    @Override
    public void onError(Throwable throwable) {
        parts.add(new Part.Failure(throwable));
    }

    @Override
    public void onComplete() {
        parts.add(new Part.End());
    }

    /// Breaks the transfer off, from any thread; a waiting reader fails at once.
    void abort() {
        broken = true;
        Flow.Subscription s = subscription;
        if (s != null) {
            s.cancel();
        }
        parts.add(new Part.Failure(new IOException("transfer broken off")));
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        int copied = 0;
        while (copied < length) {
            if (index < current.size()) {
                ByteBuffer buffer = current.get(index);
                int count = Math.min(length - copied, buffer.remaining());
                buffer.get(into, offset + copied, count);
                copied += count;
                if (!buffer.hasRemaining()) {
                    index++;
                }
            } else if (copied > 0 && !(parts.peek() instanceof Part.Data)) {
                break;
            } else if (!next()) {
                break;
            }
        }
        return copied == 0 ? -1 : copied;
    }

    /// @return false at the end
    private boolean next() throws IOException {
        Part part = last != null ? last : poll();
        return switch (part) {
            case Part.Data(List<ByteBuffer> buffers) -> {
                current = buffers;
                index = 0;
                Flow.Subscription s = subscription;
                if (s != null) {
                    s.request(1);
                }
                yield true;
            }
            case Part.End _ -> {
                last = part;
                yield false;
            }
            case Part.Failure(Throwable cause) -> {
                last = part;
                throw new IOException("transfer broke off: " + Exchanges.reason(cause), cause);
            }
        };
    }

    private Part poll() throws IOException {
        try {
            Part part = parts.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (part == null) {
                abort();
                throw new IOException("no data for " + patience.toSeconds() + " s");
            }
            return part;
        } catch (InterruptedException e) {
            abort();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        if (!(last instanceof Part.End)) {
            abort();
        }
    }
}
