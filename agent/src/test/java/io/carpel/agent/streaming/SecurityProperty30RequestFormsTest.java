package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.streaming.StreamRequest.Streams;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A request for a stream is checked whatever its form: without a body, with an empty one, in
/// pieces, or larger than anybody needs.
final class SecurityProperty30RequestFormsTest {
    private static final int LARGE = 1 << 20;
    private static final int PATIENCE_MILLIS = 20_000;

    private final StreamingServer server =
            StreamingServer.start(StreamingConfig.of(AgentConfig.defaults()), new FakeBackend());

    @AfterEach
    void stop() {
        server.close();
    }

    /// Headers and body, as they go over the wire.
    enum Form {
        PLAIN("", ""),
        EMPTY("Content-Length: 0\r\n", ""),
        SMALL("Content-Length: 4\r\n", "body"),
        PIECES("Transfer-Encoding: chunked\r\n", "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"),
        LARGE_WHOLE("Content-Length: " + LARGE + "\r\n", "x".repeat(LARGE)),
        LARGE_PIECES(
                "Transfer-Encoding: chunked\r\n",
                ("400\r\n" + "x".repeat(1024) + "\r\n").repeat(LARGE / 1024) + "0\r\n\r\n"),
        ANNOUNCED("Expect: 100-continue\r\nContent-Length: " + LARGE + "\r\n", "");

        final String headers;
        final String body;

        Form(String headers, String body) {
            this.headers = headers;
            this.body = body;
        }

        /// The code of an answer that takes nothing but the token's word for it.
        int refusal() {
            return switch (this) {
                case PLAIN, EMPTY, SMALL, PIECES -> 404;
                case LARGE_WHOLE, LARGE_PIECES, ANNOUNCED -> 413;
            };
        }
    }

    private URI issued() {
        Streams output = new Streams(false, true, false, false);
        return URI.create(server.urlFor(new StreamRequest.Exec("c", List.of("echo"), output)));
    }

    @ParameterizedTest
    @EnumSource
    void aTokenThatNobodyWasGivenOpensNothing(Form form) throws IOException {
        String path = issued().getPath();
        String guessed = path.substring(0, path.length() - 1) + (path.endsWith("A") ? 'B' : 'A');
        assertThat(status(form, guessed, "SPDY/3.1")).isEqualTo(form.refusal());
    }

    @ParameterizedTest
    @EnumSource
    void aTokenIsGoodOnce(Form form) throws IOException {
        String path = issued().getPath();
        int first = status(form, path, "SPDY/3.1");
        assertThat(first).isIn(101, 413);
        // One that was too large to be read has used nothing up.
        assertThat(status(Form.PLAIN, path, "SPDY/3.1")).isEqualTo(first == 101 ? 404 : 101);
        assertThat(status(form, path, "SPDY/3.1")).isEqualTo(form.refusal());
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsRunWithoutAnUpgrade(Form form) throws IOException {
        assertThat(status(form, issued().getPath(), "h2c")).isIn(400, 413);
    }

    /// The code of the answer to a request of this form.
    private int status(Form form, String path, String upgrade) throws IOException {
        URI at = issued();
        try (Socket socket = new Socket(at.getHost(), at.getPort())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            String head =
                    "POST %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %s\r\n%s\r\n"
                            .formatted(path, upgrade, form.headers);
            send(socket.getOutputStream(), head + form.body);
            BufferedReader answer =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII));
            return Integer.parseInt(String.valueOf(answer.readLine()).split(" ", -1)[1]);
        }
    }

    private static void send(OutputStream out, String text) throws IOException {
        try {
            out.write(text.getBytes(StandardCharsets.US_ASCII));
        } catch (SocketException _) {
            // Refused before all of it was sent: the answer is there to be read.
        }
    }
}
