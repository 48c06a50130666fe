package io.carpel.agent.trace;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;

/// A collector that takes OTLP over HTTP and remembers what it was sent. Read by field numbers
/// (opentelemetry/proto/trace/v1/trace.proto), so that it is none of the code under test.
final class FakeCollector implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final boolean hangs;
    final ConcurrentLinkedQueue<Span> spans = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<Map<String, String>> resources = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> paths = new ConcurrentLinkedQueue<>();

    /// @param parent empty at the root of a trace
    /// @param kind 1 internal, 2 server
    /// @param error whether its status is an error
    record Span(
            String trace,
            String id,
            String parent,
            String name,
            long kind,
            Map<String, String> attributes,
            List<String> events,
            boolean error,
            String message) {}

    private FakeCollector(int port, boolean hangs) throws IOException {
        this.hangs = hangs;
        server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", this::take);
        server.start();
    }

    static FakeCollector answering(int port) throws IOException {
        return new FakeCollector(port, false);
    }

    /// One that takes connections and never answers.
    static FakeCollector hanging() throws IOException {
        return new FakeCollector(0, true);
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange;
                InputStream body = new GZIPInputStream(exchange.getRequestBody())) {
            if (hangs) {
                closing.await();
                return;
            }
            paths.add(exchange.getRequestURI().getPath());
            for (UnknownFieldSet batch : messages(UnknownFieldSet.parseFrom(body), 1)) {
                messages(batch, 1).forEach(resource -> resources.add(attributes(resource, 1)));
                for (UnknownFieldSet scope : messages(batch, 2)) {
                    messages(scope, 2).forEach(span -> spans.add(span(span)));
                }
            }
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static Span span(UnknownFieldSet span) {
        List<UnknownFieldSet> status = messages(span, 15);
        return new Span(
                hex(span, 1),
                hex(span, 2),
                hex(span, 4),
                text(span, 5),
                span.getField(6).getVarintList().getFirst(),
                attributes(span, 9),
                messages(span, 11).stream().map(event -> text(event, 2)).toList(),
                status.stream().anyMatch(s -> s.getField(3).getVarintList().equals(List.of(2L))),
                status.isEmpty() ? "" : text(status.getFirst(), 2));
    }

    private static Map<String, String> attributes(UnknownFieldSet holder, int field) {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (UnknownFieldSet pair : messages(holder, field)) {
            UnknownFieldSet value = messages(pair, 2).getFirst();
            List<Long> number = value.getField(3).getVarintList();
            attributes.put(
                    text(pair, 1),
                    number.isEmpty() ? text(value, 1) : number.getFirst().toString());
        }
        return attributes;
    }

    private static List<UnknownFieldSet> messages(UnknownFieldSet holder, int field) {
        List<UnknownFieldSet> found = new ArrayList<>();
        for (ByteString bytes : holder.getField(field).getLengthDelimitedList()) {
            try {
                found.add(UnknownFieldSet.parseFrom(bytes));
            } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
            }
        }
        return found;
    }

    private static String text(UnknownFieldSet holder, int field) {
        List<ByteString> values = holder.getField(field).getLengthDelimitedList();
        return values.isEmpty() ? "" : values.getFirst().toStringUtf8();
    }

    private static String hex(UnknownFieldSet holder, int field) {
        List<ByteString> values = holder.getField(field).getLengthDelimitedList();
        return values.isEmpty() ? "" : HexFormat.of().formatHex(values.getFirst().toByteArray());
    }

    /// The one span of this name.
    Span named(String name) {
        List<Span> found = spans.stream().filter(span -> span.name().equals(name)).toList();
        if (found.size() != 1) {
            throw new AssertionError(name + " is there " + found.size() + " times: " + spans);
        }
        return found.getFirst();
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
