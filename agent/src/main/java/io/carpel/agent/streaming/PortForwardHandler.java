package io.carpel.agent.streaming;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries one forwarded connection between a pair of channels and a port of the sandbox. A
/// connection that fails ends its own pair only.
final class PortForwardHandler {
    private static final Logger LOG = LoggerFactory.getLogger(PortForwardHandler.class);
    private static final int BUFFER = 64 * 1024;

    /// How long the client's direction may stand still once the sandbox's side has said all: long
    /// enough for a slow upload, short enough that a client which never closes holds nothing.
    private static final Duration LINGER = Duration.ofSeconds(10);

    /// The same for a client that cannot be told of the end, and so would wait for as long.
    private static final Duration UNTOLD_LINGER = Duration.ofSeconds(1);

    private final StreamBackend backend;
    private final ThreadFactory threads;

    PortForwardHandler(StreamBackend backend, ThreadFactory threads) {
        this.backend = backend;
        this.threads = threads;
    }

    /// Carries until both directions have ended; call it on a virtual thread.
    void run(String sandboxId, int port, StreamChannel data, StreamChannel error) {
        try (SocketChannel socket = backend.dial(sandboxId, port)) {
            data.whenBroken(() -> closeQuietly(socket));
            carry(socket, data);
            error.closeWrite();
        } catch (IOException | RuntimeException failure) {
            LOG.debug("forwarding to port {} of {} ended", port, sandboxId, failure);
            report(port, failure, data, error);
        } finally {
            data.abandon();
            error.abandon();
        }
    }

    private static void closeQuietly(SocketChannel socket) {
        try {
            socket.close();
        } catch (IOException failure) {
            LOG.debug("closing a forwarded connection", failure);
        }
    }

    private static void report(
            int port, Exception failure, StreamChannel data, StreamChannel error) {
        try {
            String message =
                    "error forwarding port %d: %s"
                            .formatted(port, String.valueOf(failure.getMessage()));
            error.write(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
            error.closeWrite();
            data.reset();
        } catch (UncheckedIOException gone) {
            LOG.debug("client left before the error could be told");
        }
    }

    private void carry(SocketChannel socket, StreamChannel data) throws IOException {
        CountDownLatch upstreamDone = new CountDownLatch(1);
        AtomicLong sent = new AtomicLong();
        threads.newThread(
                        () -> {
                            try {
                                upstream(socket, data, sent);
                            } finally {
                                upstreamDone.countDown();
                            }
                        })
                .start();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        while (socket.read(buffer) >= 0) {
            data.write(buffer.flip());
            buffer.clear();
        }
        boolean told = data.closeWrite();
        linger(upstreamDone, sent, told ? LINGER : UNTOLD_LINGER);
    }

    private static void linger(CountDownLatch upstreamDone, AtomicLong sent, Duration patience) {
        try {
            long before = sent.get();
            while (!upstreamDone.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                long now = sent.get();
                if (now == before) {
                    LOG.debug("client neither sent nor closed its direction in {}", patience);
                    return;
                }
                before = now;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static void upstream(SocketChannel socket, StreamChannel data, AtomicLong sent) {
        try {
            while (data.read(
                    chunk -> {
                        while (chunk.hasRemaining()) {
                            sent.addAndGet(socket.write(chunk));
                        }
                    })) {
                // read does the work
            }
            // End of file one way must not cut the other.
            socket.shutdownOutput();
        } catch (IOException | RuntimeException ended) {
            LOG.debug("sandbox does not read any more", ended);
            data.abandon();
        }
    }
}
