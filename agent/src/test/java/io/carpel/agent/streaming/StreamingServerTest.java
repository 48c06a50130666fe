package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.streaming.StreamRequest.Streams;
import io.carpel.runtime.error.InvalidArgumentException;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamingServerTest {
    private static final Streams ALL = new Streams(true, true, true, false);
    private static final Streams TERMINAL = new Streams(true, true, false, true);

    private final FakeBackend backend = new FakeBackend();
    private final StreamingServer server =
            StreamingServer.start(StreamingConfig.of(AgentConfig.defaults()), backend);

    @AfterEach
    void stop() {
        server.close();
    }

    private String exec(Streams streams, String... command) {
        return server.urlFor(new StreamRequest.Exec("c", List.of(command), streams));
    }

    @Test
    void spdyCommandEchoesAndTellsItsExitCode() throws Exception {
        try (var client = new SpdyClient(exec(ALL, "echo"), "v4.channel.k8s.io")) {
            int error = client.open(Map.of("streamType", "error"));
            int in = client.open(Map.of("streamType", "stdin"));
            int out = client.open(Map.of("streamType", "stdout"));
            int err = client.open(Map.of("streamType", "stderr"));
            client.send(in, "one ", false);
            client.send(in, "two", true);
            assertThat(client.all(out)).isEqualTo("one two");
            assertThat(client.all(err)).isEqualTo("done");
            assertThat(client.all(error))
                    .contains("\"NonZeroExitCode\"")
                    .contains("\"ExitCode\"")
                    .contains("\"message\":\"3\"");
        }
    }

    @Test
    void whatIsUploadedAfterTheEndOfInputIsThrownAway() throws Exception {
        try (var client = new SpdyClient(exec(ALL, "echo"), "v4.channel.k8s.io")) {
            int error = client.open(Map.of("streamType", "error"));
            int in = client.open(Map.of("streamType", "stdin"));
            int out = client.open(Map.of("streamType", "stdout"));
            int err = client.open(Map.of("streamType", "stderr"));
            client.send(in, "one", true);
            client.sendLater(in, "late".repeat(StreamMemory.WIDE));
            assertThat(client.all(out)).isEqualTo("one");
            assertThat(client.all(err)).isEqualTo("done");
            assertThat(client.all(error)).contains("\"message\":\"3\"");
        }
    }

    @Test
    void outputFarAboveTheFlowControlWindowArrivesWhole() throws Exception {
        Streams output = new Streams(false, true, false, false);
        try (var client = new SpdyClient(exec(output, "flood", "30000000"), "v4.channel.k8s.io")) {
            int error = client.open(Map.of("streamType", "error"));
            int out = client.open(Map.of("streamType", "stdout"));
            assertThat(client.all(out)).hasSize(30_000_000);
            assertThat(client.all(error)).contains("\"status\":\"Success\"");
        }
    }

    /// The command has ended long before, and all that it wrote last waits in the server.
    @Test
    void outputReachesItsEndHoweverSlowlyItIsRead() throws Exception {
        Streams output = new Streams(false, true, false, false);
        try (var client = new SpdyClient(exec(output, "flood", "12000000"), "v4.channel.k8s.io")) {
            client.readSlowly(1);
            int error = client.open(Map.of("streamType", "error"));
            int out = client.open(Map.of("streamType", "stdout"));
            assertThat(client.all(out)).hasSize(12_000_000);
            assertThat(client.all(error)).contains("\"status\":\"Success\"");
        }
    }

    @Test
    void windowSizesReachTheTerminal() throws Exception {
        try (var client = new SpdyClient(exec(TERMINAL, "sleep"), "v4.channel.k8s.io")) {
            client.open(Map.of("streamType", "error"));
            client.open(Map.of("streamType", "stdin"));
            client.open(Map.of("streamType", "stdout"));
            int resize = client.open(Map.of("streamType", "resize"));
            client.send(resize, "{\"Width\":80,\"Hei", false);
            client.send(resize, "ght\":24}\n", false);
            assertThat(backend.sizes.poll(10, TimeUnit.SECONDS)).isEqualTo("24x80");
        }
    }

    @Test
    void commandIsClosedWhenItsClientVanishes() throws Exception {
        var client = new SpdyClient(exec(ALL, "sleep"), "v4.channel.k8s.io");
        client.open(Map.of("streamType", "error"));
        client.open(Map.of("streamType", "stdin"));
        client.open(Map.of("streamType", "stdout"));
        client.open(Map.of("streamType", "stderr"));
        assertThat(backend.opened.await(10, TimeUnit.SECONDS)).isTrue();
        client.close();
        assertThat(backend.closed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void commandThatReadsNothingIsClosedWhenItsClientVanishes() throws Exception {
        var client = new SpdyClient(exec(ALL, "stuck"), "v4.channel.k8s.io");
        client.open(Map.of("streamType", "error"));
        int in = client.open(Map.of("streamType", "stdin"));
        client.open(Map.of("streamType", "stdout"));
        client.open(Map.of("streamType", "stderr"));
        // More than the server takes, less than the two sockets hold.
        client.send(in, "x".repeat(2 * StreamMemory.WIDE), false);
        assertThat(backend.opened.await(10, TimeUnit.SECONDS)).isTrue();
        client.close();
        assertThat(backend.closed.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void lastWordsReachAClientThatStillSends() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (var client = new SpdyClient(exec(ALL, "quit"), "v4.channel.k8s.io")) {
                int error = client.open(Map.of("streamType", "error"));
                int in = client.open(Map.of("streamType", "stdin"));
                int out = client.open(Map.of("streamType", "stdout"));
                client.open(Map.of("streamType", "stderr"));
                client.sendLater(in, "x".repeat(4 * StreamMemory.WIDE));
                assertThat(client.all(out)).isEqualTo("bye");
                assertThat(client.all(error)).contains("\"status\":\"Success\"");
            }
        }
    }

    @Test
    void manyWhoOnlyConnectKeepNobodyOut() throws Exception {
        URI url = URI.create(exec(ALL, "echo"));
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < WaitingClients.MAX + 10; i++) {
                idle.add(new Socket(url.getHost(), url.getPort()));
            }
            Socket first = idle.getFirst();
            first.setSoTimeout(10_000);
            assertThat(first.getInputStream().read()).isEqualTo(-1);
            try (var client = new SpdyClient(exec(ALL, "echo"), "v4.channel.k8s.io")) {
                assertThat(client.status()).isEqualTo(101);
            }
            Socket last = idle.getLast();
            last.setSoTimeout(100);
            assertThatThrownBy(() -> last.getInputStream().read())
                    .isInstanceOf(SocketTimeoutException.class);
        } finally {
            for (Socket each : idle) {
                each.close();
            }
        }
    }

    @Test
    void headersThatNobodyReadsAreNotKeptAndLongOnesRefused() throws Exception {
        try (var client = new SpdyClient(exec(ALL, "echo"), "v4.channel.k8s.io")) {
            int refused = client.open(Map.of("streamType", "x".repeat(10_000)));
            assertThat(client.all(refused)).isEmpty();
            client.open(Map.of("streamType", "error", "other", "x".repeat(10_000)));
            int in = client.open(Map.of("streamType", "stdin"));
            int out = client.open(Map.of("streamType", "stdout"));
            client.open(Map.of("streamType", "stderr"));
            client.send(in, "fine", true);
            assertThat(client.all(out)).isEqualTo("fine");
        }
    }

    @Test
    void whoeverOnlyConnectsIsClosed() throws Exception {
        StreamingConfig usual = StreamingConfig.of(AgentConfig.defaults());
        var hasty =
                new StreamingConfig(
                        usual.address(),
                        usual.port(),
                        usual.tls(),
                        Duration.ofMillis(100),
                        usual.idleTimeout());
        try (StreamingServer strict = StreamingServer.start(hasty, backend)) {
            URI url = URI.create(strict.urlFor(new StreamRequest.PortForward("pod", List.of())));
            try (Socket silent = new Socket(url.getHost(), url.getPort())) {
                silent.setSoTimeout(10_000);
                assertThat(silent.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void webSocketForwardsAndClosesAtTheEnd() throws Exception {
        try (ServerSocket echo = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual()
                    .start(() -> {
                        try (Socket peer = echo.accept()) {
                            peer.getOutputStream().write(peer.getInputStream().readNBytes(4));
                        } catch (java.io.IOException failure) {
                            throw new java.io.UncheckedIOException(failure);
                        }
                    });
            int port = echo.getLocalPort();
            String url =
                    server.urlFor(new StreamRequest.PortForward("pod", List.of()))
                                    .replace("http:", "ws:")
                            + "?port="
                            + port;
            Collector collector = new Collector();
            try (HttpClient http = HttpClient.newHttpClient()) {
                WebSocket socket =
                        http.newWebSocketBuilder()
                                .subprotocols("v4.channel.k8s.io")
                                .buildAsync(URI.create(url), collector)
                                .get(10, TimeUnit.SECONDS);
                socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 'p', 'i', 'n', 'g'}), true).get();
                assertThat(collector.closed.get(20, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(collector.bytes(0))
                    .containsExactly((byte) port, (byte) (port >> 8), 'p', 'i', 'n', 'g');
            assertThat(collector.bytes(1)).containsExactly((byte) port, (byte) (port >> 8));
        }
    }

    @Test
    void portsThatChannelsCannotNumberAreRefused() throws Exception {
        String url = server.urlFor(new StreamRequest.PortForward("pod", List.of()));
        String ports = "80" + ",80".repeat(127);
        try (HttpClient http = HttpClient.newHttpClient()) {
            assertThatThrownBy(() ->
                            http.newWebSocketBuilder()
                                    .subprotocols("v4.channel.k8s.io")
                                    .buildAsync(
                                            URI.create(
                                                    url.replace("http:", "ws:") + "?port=" + ports),
                                            new Collector())
                                    .get(10, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(java.net.http.WebSocketHandshakeException.class);
        }
    }

    @Test
    void unknownProtocolIsForbidden() throws Exception {
        try (var client = new SpdyClient(exec(ALL, "echo"), "v9.channel.k8s.io")) {
            assertThat(client.status()).isEqualTo(403);
        }
    }

    @Test
    void tokenWorksOnceAndOnlyForAnUpgrade() throws Exception {
        String url = exec(ALL, "echo");
        try (HttpClient http = HttpClient.newHttpClient()) {
            var plain = HttpRequest.newBuilder(URI.create(url)).build();
            assertThat(http.send(plain, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(400);
        }
        try (var first = new SpdyClient(url, "v4.channel.k8s.io");
                var second = new SpdyClient(url, "v4.channel.k8s.io")) {
            assertThat(List.of(first.status(), second.status()))
                    .containsExactlyInAnyOrder(101, 404);
        }
    }

    @Test
    void webSocketVersionFiveEndsStandardInput() throws Exception {
        String url = exec(ALL, "echo").replace("http:", "ws:");
        Collector collector = new Collector();
        try (HttpClient http = HttpClient.newHttpClient()) {
            WebSocket socket =
                    http.newWebSocketBuilder()
                            .subprotocols("v5.channel.k8s.io")
                            .buildAsync(URI.create(url), collector)
                            .get(10, TimeUnit.SECONDS);
            // In two frames: only the first names the channel.
            socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 'h'}), false).get();
            socket.sendBinary(ByteBuffer.wrap(new byte[] {'i'}), true).get();
            socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) 255, 0}), true).get();
            CompletableFuture<WebSocket> _ =
                    socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 'l', 'a', 't', 'e'}), true);
            collector.closed.get(10, TimeUnit.SECONDS);
            assertThat(socket.getSubprotocol()).isEqualTo("v5.channel.k8s.io");
        }
        assertThat(collector.text(1)).isEqualTo("hi");
        assertThat(collector.text(2)).isEqualTo("done");
        assertThat(collector.text(3)).contains("NonZeroExitCode");
    }

    @Test
    void forwardsConnectionsAndSurvivesARefusedOne() throws Exception {
        try (ServerSocket echo = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> echoOnce(echo));
            int unused;
            try (ServerSocket gone = new ServerSocket(0)) {
                unused = gone.getLocalPort();
            }
            String url = server.urlFor(new StreamRequest.PortForward("pod", List.of()));
            try (var client = new SpdyClient(url, "portforward.k8s.io")) {
                int[] refused = pair(client, unused, "0");
                assertThat(client.all(refused[1])).contains("error forwarding port " + unused);
                int[] good = pair(client, echo.getLocalPort(), "1");
                client.send(good[0], "ping", true);
                assertThat(client.all(good[0])).isEqualTo("ping");
                assertThat(client.all(good[1])).isEmpty();
            }
        }
    }

    private static int[] pair(SpdyClient client, int port, String request) throws Exception {
        String number = Integer.toString(port);
        int error =
                client.open(Map.of("streamType", "error", "port", number, "requestID", request));
        int data = client.open(Map.of("streamType", "data", "port", number, "requestID", request));
        return new int[] {data, error};
    }

    private static void echoOnce(ServerSocket server) {
        try (Socket peer = server.accept()) {
            peer.getInputStream().transferTo(peer.getOutputStream());
        } catch (java.io.IOException failure) {
            throw new java.io.UncheckedIOException(failure);
        }
    }

    @Test
    void refusesRequestsWithoutStreamsAndTerminalsWithStderr() {
        assertThatThrownBy(() -> exec(new Streams(false, false, false, false), "echo"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("stdin, stdout and stderr");
        assertThatThrownBy(() -> exec(new Streams(true, true, true, true), "echo"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("tty");
    }

    private static final class Collector implements WebSocket.Listener {
        private final Map<Integer, ByteArrayOutputStream> channels =
                new java.util.concurrent.ConcurrentHashMap<>();
        private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            message.writeBytes(bytes);
            if (last) {
                byte[] whole = message.toByteArray();
                message.reset();
                channels.computeIfAbsent((int) whole[0], _ -> new ByteArrayOutputStream())
                        .write(whole, 1, whole.length - 1);
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(true);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.complete(false);
        }

        String text(int channel) {
            return new String(bytes(channel), StandardCharsets.UTF_8);
        }

        byte[] bytes(int channel) {
            return channels.getOrDefault(channel, new ByteArrayOutputStream()).toByteArray();
        }
    }
}
