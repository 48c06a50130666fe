package io.carpel.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class MetricsServerTest {
    private MetricsServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws IOException {
        server = MetricsServer.start("127.0.0.1:0", () -> "a_total 1.0\n");
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private HttpResponse<String> ask(String method, String path)
            throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        return client.send(
                HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build(),
                BodyHandlers.ofString());
    }

    @Test
    void servesTheText() throws Exception {
        HttpResponse<String> answer = ask("GET", "/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("a_total 1.0\n");
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
                .startsWith("text/plain; version=0.0.4");
        assertThat(ask("HEAD", "/metrics").statusCode()).isEqualTo(200);
    }

    @Test
    void servesNothingElse() throws Exception {
        assertThat(ask("GET", "/").statusCode()).isEqualTo(404);
        assertThat(ask("GET", "/metrics/../x").statusCode()).isEqualTo(404);
        assertThat(ask("POST", "/metrics").statusCode()).isEqualTo(405);
    }

    @Test
    void anAddressInUseIsNamed() {
        String taken = "127.0.0.1:" + server.address().getPort();
        assertThatThrownBy(() -> MetricsServer.start(taken, () -> ""))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("metrics.listen: cannot listen on " + taken);
    }
}
