package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.UnavailableException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A shim is taken for gone only when it is: whoever takes it for gone kills what is left.
@Timeout(30)
final class ShimConnectionTest {
    private static final String RECORD =
            """
            version 1
            pid 7
            code 3
            signal 0
            oom 0
            peak 0
            dropped 0
            started 5
            finished 9
            end 1
            """;

    @TempDir Path directory;

    private Path socket() {
        return directory.resolve("s");
    }

    private SocketShimConnection connection() {
        return new SocketShimConnection(
                "c", socket(), directory.resolve("exit"), 7, new Deadlines());
    }

    private ServerSocketChannel listen(int backlog) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        return listener.bind(UnixDomainSocketAddress.of(socket()), backlog);
    }

    @Test
    void withoutItsSocketItIsGone() {
        assertThatThrownBy(() -> connection().status()).isInstanceOf(UnavailableException.class);
    }

    @Test
    void whenNobodyListensAtItsSocketItIsGone() throws IOException {
        listen(1).close();
        assertThat(socket()).exists();
        assertThatThrownBy(() -> connection().status()).isInstanceOf(UnavailableException.class);
    }

    @Test
    void whatHindersUsFromReachingItSaysNothingOfIt() throws IOException {
        Files.createSymbolicLink(socket(), socket()); // ELOOP, for EMFILE, ENOBUFS and the like
        assertThatThrownBy(() -> connection().status())
                .isInstanceOf(DeadlineExceededException.class)
                .hasRootCauseInstanceOf(IOException.class);
    }

    @Test
    void oneThatTakesUpNoCallsIsThere() throws Exception {
        try (ServerSocketChannel _ = listen(1)) {
            List<ShimChannel> waiting = new ArrayList<>();
            CompletableFuture<Exception> refused = new CompletableFuture<>();
            // connect(2) of a virtual thread does not wait
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            while (true) {
                                waiting.add(ShimChannel.connect(socket(), new Deadlines()));
                            }
                        } catch (IOException e) {
                            refused.complete(e);
                        }
                    });
            assertThat(refused.get(20, TimeUnit.SECONDS))
                    .isInstanceOf(SocketTimeoutException.class);
            waiting.forEach(ShimChannel::close);
        }
    }

    @Test
    void whoeverIsInterruptedStillHearsOfTheEndAndNotBefore() throws Exception {
        try (ServerSocketChannel listener = listen(8)) {
            CompletableFuture<Optional<ExitRecord>> heard = new CompletableFuture<>();
            Thread.currentThread().interrupt();
            connection().onExit(heard::complete);
            assertThat(Thread.interrupted()).isTrue();
            try (SocketChannel shim = subscribed(listener)) {
                assertThat(heard).isNotDone();
                send(shim, Wire.EXITED, RECORD);
                assertThat(heard.get(20, TimeUnit.SECONDS).orElseThrow().exitCode()).isEqualTo(3);
            }
        }
    }

    @Test
    void anEndWithARecordThatCannotBeReadIsHeardOf() throws Exception {
        Files.writeString(directory.resolve("exit"), "version 77\n");
        try (ServerSocketChannel listener = listen(8)) {
            CompletableFuture<Optional<ExitRecord>> heard = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> connection().onExit(heard::complete));
            subscribed(listener).close();
            assertThat(heard.get(20, TimeUnit.SECONDS)).isEmpty();
        }
    }

    /// The first connection that subscribes, acknowledged; one that was given up before is not it.
    private static SocketChannel subscribed(ServerSocketChannel listener) throws IOException {
        while (true) {
            SocketChannel shim = listener.accept();
            ByteBuffer header =
                    ByteBuffer.allocate(Wire.FRAME_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            while (header.hasRemaining() && shim.read(header) >= 0) {
                // the rest follows
            }
            if (!header.hasRemaining()) {
                assertThat(header.getInt(4)).isEqualTo(Wire.SUBSCRIBE);
                send(shim, Wire.OK, "");
                return shim;
            }
            shim.close();
        }
    }

    private static void send(SocketChannel to, int type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer frame =
                ByteBuffer.allocate(Wire.FRAME_HEADER + bytes.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(bytes.length).putInt(type).put(bytes).flip();
        while (frame.hasRemaining()) {
            to.write(frame);
        }
    }
}
