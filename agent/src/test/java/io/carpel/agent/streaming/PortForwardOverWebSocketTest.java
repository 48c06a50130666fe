package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.streaming.StreamRequest.Streams;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Forwarded ports over WebSockets, in both forms there are: SPDY inside messages, as newer clients
/// want it, and numbered channels.
class PortForwardOverWebSocketTest {
    private static final int WHOLE = 1 << 16;

    private final StreamingServer server =
            StreamingServer.start(StreamingConfig.of(AgentConfig.defaults()), new FakeBackend());
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        server.close();
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private String url() {
        return server.urlFor(new StreamRequest.PortForward("pod", List.of()));
    }

    private ServerSocket listener() throws IOException {
        ServerSocket made = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        open.add(made);
        return made;
    }

    /// A port whose connections get back what they send, until they end their direction.
    private int echo() throws IOException {
        ServerSocket listener = listener();
        Thread.ofVirtual()
                .start(() -> {
                    while (!listener.isClosed()) {
                        try {
                            Socket peer = listener.accept();
                            Thread.ofVirtual().start(() -> echo(peer));
                        } catch (IOException closed) {
                            return;
                        }
                    }
                });
        return listener.getLocalPort();
    }

    private static void echo(Socket peer) {
        try (peer) {
            peer.getInputStream().transferTo(peer.getOutputStream());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private int unused() throws IOException {
        try (ServerSocket gone = listener()) {
            return gone.getLocalPort();
        }
    }

    private SpdyClient tunnel(TunnelEnd end) throws Exception {
        SpdyClient client = new SpdyClient(url(), end, TunnelEnd.PROTOCOL);
        open.add(client);
        return client;
    }

    /// Opens the two streams of a connection; the error stream comes first.
    private static int[] connect(SpdyClient client, int port, int request) throws Exception {
        String number = Integer.toString(port);
        String id = Integer.toString(request);
        int error = client.open(Map.of("streamType", "error", "port", number, "requestID", id));
        int data = client.open(Map.of("streamType", "data", "port", number, "requestID", id));
        return new int[] {data, error};
    }

    @Test
    void tunnelledConnectionsCarryAndARefusedOneHarmsNoOther() throws Exception {
        int port = echo();
        int refused = unused();
        SpdyClient client = tunnel(new TunnelEnd(WHOLE));
        int[] first = connect(client, port, 0);
        client.send(first[0], "begun, ", false);
        int[] second = connect(client, refused, 1);
        assertThat(client.all(second[1])).startsWith("error forwarding port " + refused + ": ");
        assertThat(client.all(second[0])).isEmpty();
        client.send(first[0], "ended", true);
        assertThat(client.all(first[0])).isEqualTo("begun, ended");
        assertThat(client.all(first[1])).isEmpty();
        int[] third = connect(client, port, 2);
        client.send(third[0], "once more", true);
        assertThat(client.all(third[0])).isEqualTo("once more");
    }

    @Test
    void muchGoesThroughATunnelBothWaysAtOnce() throws Exception {
        SpdyClient client = tunnel(new TunnelEnd(WHOLE));
        int port = echo();
        int[] one = connect(client, port, 0);
        int[] other = connect(client, port, 1);
        StringBuilder sent = new StringBuilder();
        Random random = new Random(1);
        for (int i = 0; i < 400; i++) {
            byte[] chunk = new byte[32 * 1024 - i];
            random.nextBytes(chunk);
            String text = new String(chunk, StandardCharsets.ISO_8859_1);
            sent.append(text);
            client.send(one[0], text, i == 399);
            client.send(other[0], text, i == 399);
        }
        // Not by isEqualTo, which would print megabytes.
        assertThat(client.all(one[0]).contentEquals(sent)).isTrue();
        assertThat(client.all(other[0]).contentEquals(sent)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7})
    void whereAMessageOrAFrameOfOneBeginsMeansNothing(int piece) throws Exception {
        TunnelEnd end = new TunnelEnd(piece);
        SpdyClient client = tunnel(end);
        int[] pair = connect(client, echo(), 0);
        client.send(pair[0], "in pieces", true);
        assertThat(client.all(pair[0])).isEqualTo("in pieces");
        // Those between the pieces were answered, in order.
        assertThat(end.pongs.poll(10, TimeUnit.SECONDS)).isEqualTo("ping 0");
        assertThat(end.pongs.poll(10, TimeUnit.SECONDS)).isEqualTo("ping 1");
    }

    @Test
    void connectionsEndWithTheTunnelThatTheyWereIn() throws Exception {
        ServerSocket listener = listener();
        SpdyClient client = new SpdyClient(url(), new TunnelEnd(WHOLE), TunnelEnd.PROTOCOL);
        int[] pair = connect(client, listener.getLocalPort(), 0);
        client.send(pair[0], "x", false);
        try (Socket peer = listener.accept()) {
            peer.setSoTimeout(10_000);
            assertThat(peer.getInputStream().read()).isEqualTo('x');
            client.close();
            assertThat(peer.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void tunnelIsTakenWhereBothFormsAreOffered() throws Exception {
        String both = "v4.channel.k8s.io, " + TunnelEnd.PROTOCOL;
        try (SpdyClient client = new SpdyClient(url(), new TunnelEnd(WHOLE), both)) {
            int[] pair = connect(client, echo(), 0);
            client.send(pair[0], "inside", true);
            assertThat(client.all(pair[0])).isEqualTo("inside");
        }
    }

    @Test
    void tunnelIsForPortsOnly() throws Exception {
        Streams streams = new Streams(true, true, true, false);
        String exec = server.urlFor(new StreamRequest.Exec("c", List.of("echo"), streams));
        try (SpdyClient client = new SpdyClient(exec, new TunnelEnd(WHOLE), TunnelEnd.PROTOCOL)) {
            assertThatThrownBy(client::status)
                    .hasCauseInstanceOf(WebSocketClientHandshakeException.class)
                    .hasMessageContaining("403");
        }
    }

    @Test
    void channelsOfSeveralPortsAreApart() throws Exception {
        int port = echo();
        int refused = unused();
        try (var client = channels("v4.channel.k8s.io", "?port=" + refused + "&port=" + port)) {
            assertThat(client.take(0)).isEqualTo(number(refused));
            assertThat(client.take(1)).isEqualTo(number(refused));
            assertThat(client.take(2)).isEqualTo(number(port));
            assertThat(client.take(3)).isEqualTo(number(port));
            assertThat(client.take(1)).startsWith("error forwarding port " + refused + ": ");
            client.send(2, "still there");
            assertThat(client.take(2)).isEqualTo("still there");
        }
    }

    @Test
    void channelsInBase64CarryBytesOfAllValues() throws Exception {
        int port = echo();
        try (var client = channels("v4.base64.channel.k8s.io", "?port=" + port)) {
            assertThat(client.take(0)).isEqualTo(number(port));
            assertThat(client.take(1)).isEqualTo(number(port));
            byte[] all = new byte[256];
            for (int i = 0; i < all.length; i++) {
                all[i] = (byte) i;
            }
            String text = new String(all, StandardCharsets.ISO_8859_1);
            client.send(0, text);
            StringBuilder back = new StringBuilder();
            while (back.length() < text.length()) {
                back.append(client.take(0));
            }
            assertThat(back.toString()).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?port=", "?port=http", "?port=80,", "?port=99999999999"})
    void channelsWithoutPortsOrWithWhatIsNoneAreRefused(String query) {
        assertThatThrownBy(() -> channels("v4.channel.k8s.io", query))
                .hasCauseInstanceOf(WebSocketHandshakeException.class);
    }

    /// The first message of a channel: its port, least significant byte first.
    private static String number(int port) {
        return new String(new char[] {(char) (port & 255), (char) (port >> 8)});
    }

    private NumberedChannels channels(String protocol, String query) throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        open.add(http::shutdownNow);
        NumberedChannels made = new NumberedChannels(protocol.contains("base64"));
        WebSocket socket =
                http.newWebSocketBuilder()
                        .subprotocols(protocol)
                        .buildAsync(URI.create(url().replace("http:", "ws:") + query), made)
                        .get(10, TimeUnit.SECONDS);
        assertThat(socket.getSubprotocol()).isEqualTo(protocol);
        made.socket.complete(socket);
        return made;
    }

    /// A client's end of numbered channels.
    private static final class NumberedChannels implements WebSocket.Listener, AutoCloseable {
        private final boolean base64;
        private final StringBuilder message = new StringBuilder();
        private final Map<Integer, BlockingQueue<String>> came =
                new java.util.concurrent.ConcurrentHashMap<>();
        private final CompletableFuture<WebSocket> socket = new CompletableFuture<>();

        NumberedChannels(boolean base64) {
            this.base64 = base64;
        }

        void send(int channel, String text) throws Exception {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            WebSocket out = socket.get(10, TimeUnit.SECONDS);
            CompletableFuture<WebSocket> sent =
                    base64
                            ? out.sendText(
                                    channel + Base64.getEncoder().encodeToString(bytes), true)
                            : out.sendBinary(
                                    ByteBuffer.allocate(1 + bytes.length)
                                            .put((byte) channel)
                                            .put(bytes)
                                            .flip(),
                                    true);
            sent.get(10, TimeUnit.SECONDS);
        }

        /// The next message of a channel.
        String take(int channel) throws Exception {
            String next = channel(channel).poll(10, TimeUnit.SECONDS);
            assertThat(next).as("channel %d", channel).isNotNull();
            return String.valueOf(next);
        }

        private BlockingQueue<String> channel(int number) {
            return came.computeIfAbsent(number, _ -> new LinkedBlockingQueue<>());
        }

        @Override
        public CompletableFuture<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            assertThat(base64).isFalse();
            message.append(StandardCharsets.ISO_8859_1.decode(data));
            if (last) {
                channel(message.charAt(0)).add(message.substring(1));
                message.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public CompletableFuture<?> onText(WebSocket from, CharSequence data, boolean last) {
            assertThat(base64).isTrue();
            message.append(data);
            if (last) {
                byte[] content = Base64.getDecoder().decode(message.substring(1));
                channel(message.charAt(0) - '0')
                        .add(new String(content, StandardCharsets.ISO_8859_1));
                message.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public void close() {
            socket.join().abort();
        }
    }
}
