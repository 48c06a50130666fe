package io.carpel.agent.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves `/metrics` over plain HTTP for Prometheus, nothing else and nothing that changes
/// anything.
public final class MetricsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
    private static final int BACKLOG = 16;
    private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpServer server;
    private final ExecutorService scrapes;

    private MetricsServer(HttpServer server, ExecutorService scrapes) {
        this.server = server;
        this.scrapes = scrapes;
    }

    /// Listens.
    ///
    /// @param address `127.0.0.1:9475`, `[::1]:9475`; port 0 takes any
    /// @param scrape the text of a scrape
    /// @throws IOException when the address cannot be listened on
    public static MetricsServer start(String address, Supplier<String> scrape) throws IOException {
        limit();
        HttpServer server;
        try {
            server = HttpServer.create(parse(address), BACKLOG);
        } catch (IOException e) {
            throw new IOException(
                    "metrics.listen: cannot listen on %s: %s".formatted(address, e.getMessage()),
                    e);
        }
        ExecutorService scrapes =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("scrape-", 0).factory());
        server.setExecutor(scrapes);
        server.createContext("/", exchange -> answer(exchange, scrape));
        server.start();
        LOG.info("serving metrics on http://{}/metrics", address);
        return new MetricsServer(server, scrapes);
    }

    /// Settings of the JDK's server, read once when it is first used: a client that sends nothing
    /// does not hold a connection for ever, nor many of them all.
    private static void limit() {
        System.setProperty("jdk.httpserver.maxConnections", "64");
        System.setProperty("sun.net.httpserver.maxReqTime", "10");
        System.setProperty("sun.net.httpserver.maxRspTime", "30");
    }

    private static InetSocketAddress parse(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        String host = address.substring(0, colon).replace("[", "").replace("]", "");
        // An address and never a name: the configuration's type has seen to that.
        return new InetSocketAddress(
                InetAddress.getByName(host), Integer.parseInt(address.substring(colon + 1)));
    }

    private static void answer(HttpExchange exchange, Supplier<String> scrape) throws IOException {
        try (exchange) {
            boolean known = exchange.getRequestURI().getPath().equals("/metrics");
            boolean head = exchange.getRequestMethod().equals("HEAD");
            boolean allowed = head || exchange.getRequestMethod().equals("GET");
            if (!known || !allowed) {
                exchange.sendResponseHeaders(known ? 405 : 404, -1);
                return;
            }
            byte[] body = scrape.get().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", TYPE);
            exchange.sendResponseHeaders(200, head ? -1 : body.length);
            if (!head) {
                exchange.getResponseBody().write(body);
            }
        }
    }

    /// Where it listens; tells the port when any was asked for.
    public InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
        scrapes.shutdownNow();
    }
}
