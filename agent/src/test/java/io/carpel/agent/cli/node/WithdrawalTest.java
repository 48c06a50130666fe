package io.carpel.agent.cli.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The chart's hook before an API server that is not always well.
final class WithdrawalTest {
    private static final String SET =
            """
            {"apiVersion": "apps/v1", "kind": "DaemonSet",
             "metadata": {"name": "carpel", "namespace": "nodes", "generation": 1},
             "status": {"observedGeneration": 1, "numberMisscheduled": 0}}
            """;

    /// Statuses of the next answers; 200 when there is none.
    private final Queue<Integer> answers = new ArrayDeque<>();

    private final List<String> calls = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private final HttpServer server;

    WithdrawalTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            calls.add(exchange.getRequestMethod() + " " + path);
            int status = answers.isEmpty() ? 200 : answers.remove();
            String body =
                    path.endsWith("/nodes")
                            ? "{\"apiVersion\": \"v1\", \"kind\": \"NodeList\", \"items\": []}"
                            : SET;
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private void run(Duration atMost) {
        Config config =
                new ConfigBuilder(Config.empty())
                        .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                        .withRequestRetryBackoffLimit(0)
                        .build();
        try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
            new Withdrawal(client, new Polling(Duration.ofMillis(10)), said::add)
                    .run(
                            "nodes",
                            "carpel",
                            """
                            [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]
                            """,
                            atMost);
        }
    }

    @Test
    void aServerThatCannotAnswerIsAskedAgain() {
        answers.addAll(List.of(503, 429, 200, 500, 504));
        run(Duration.ofSeconds(30));
        assertThat(calls).contains("PATCH /apis/apps/v1/namespaces/nodes/daemonsets/carpel");
        assertThat(said)
                .hasSize(5)
                .anyMatch(line -> line.contains("cannot list the nodes"))
                .anyMatch(line -> line.contains("cannot patch daemon set nodes/carpel"));
    }

    @Test
    void aRefusalIsFinal() {
        answers.addAll(List.of(200, 403));
        assertThatThrownBy(() -> run(Duration.ofSeconds(30)))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("cannot patch daemon set nodes/carpel");
        assertThat(calls).hasSize(2);
    }

    @Test
    void aServerThatNeverAnswersIsToldInTheEnd() {
        server.stop(0);
        assertThatThrownBy(() -> run(Duration.ofMillis(200)))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("in vain for an answer of the API server: cannot list")
                .hasMessageNotContaining("null");
    }
}
