package io.carpel.runtime.image;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// Stands before a registry and fails by script, over plain HTTP on loopback.
final class FaultyProxy implements AutoCloseable {
    /// What happens to one request.
    sealed interface Fault {
        record None() implements Fault {}

        /// The connection ends after so many bytes of the body.
        record Cut(int after) implements Fault {}

        /// Nothing more arrives after so many bytes.
        record Hang(int after) implements Fault {}

        /// One byte of the body is another.
        record Flip(int at) implements Fault {}

        /// An answer of our own.
        // Not compared, only carried.
        @SuppressWarnings("ArrayRecordComponent")
        record Answer(int status, Map<String, String> headers, byte[] body) implements Fault {}
    }

    /// Decides by path, and how often that path has been asked for, from 1 on.
    @FunctionalInterface
    interface Script {
        Fault fault(String path, int time);
    }

    private static final int TLS_HANDSHAKE = 0x16;

    /// @param headers names in lower case
    record Request(String path, Map<String, String> headers) {}

    private final ServerSocket socket;
    private final String upstream;
    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, AtomicInteger> times = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Script script = (_, _) -> new Fault.None();
    final List<Request> requests = new CopyOnWriteArrayList<>();

    FaultyProxy(String upstream) throws IOException {
        this.upstream = upstream;
        this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    void script(Script next) {
        times.clear();
        requests.clear();
        script = next;
    }

    String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    private void accept() {
        while (closed.getCount() > 0) {
            try {
                Socket connection = socket.accept();
                threads.execute(() -> serve(connection));
            } catch (IOException _) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            BufferedInputStream in = new BufferedInputStream(connection.getInputStream());
            in.mark(1);
            if (in.read() == TLS_HANDSHAKE) {
                // What Go's servers say to a client that speaks TLS.
                connection
                        .getOutputStream()
                        .write(
                                "HTTP/1.0 400 Bad Request\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
                return;
            }
            in.reset();
            Request request = read(in);
            requests.add(request);
            int time =
                    times.computeIfAbsent(request.path(), _ -> new AtomicInteger())
                            .incrementAndGet();
            answer(request, script.fault(request.path(), time), connection.getOutputStream());
        } catch (IOException | InterruptedException _) {
            // The client went away, or the test is over.
        }
    }

    private static Request read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("no request");
            }
            head.append((char) b);
        }
        List<String> lines = head.toString().lines().toList();
        Map<String, String> headers = new ConcurrentHashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        String first = lines.getFirst();
        return new Request(
                first.substring(first.indexOf(' ') + 1, first.lastIndexOf(' ')), headers);
    }

    private void answer(Request request, Fault fault, OutputStream out)
            throws IOException, InterruptedException {
        if (fault instanceof Fault.Answer(int status, var headers, byte[] body)) {
            head(out, status, headers, body.length);
            out.write(body);
            return;
        }
        HttpRequest.Builder forward =
                HttpRequest.newBuilder(URI.create("http://" + upstream + request.path()));
        for (String name : List.of("accept", "range", "authorization")) {
            String value = request.headers().get(name);
            if (value != null) {
                forward.header(name, value);
            }
        }
        HttpResponse<byte[]> real =
                client.send(forward.build(), HttpResponse.BodyHandlers.ofByteArray());
        Map<String, String> headers = new ConcurrentHashMap<>();
        for (String name :
                List.of("content-type", "content-range", "www-authenticate", "location")) {
            real.headers().firstValue(name).ifPresent(value -> headers.put(name, value));
        }
        byte[] body = real.body();
        head(out, real.statusCode(), headers, body.length);
        switch (fault) {
            case Fault.Cut(int after) -> out.write(body, 0, Math.min(after, body.length));
            case Fault.Hang(int after) -> {
                out.write(body, 0, Math.min(after, body.length));
                out.flush();
                closed.await();
            }
            case Fault.Flip(int at) -> {
                body[at] ^= 1;
                out.write(body);
            }
            case Fault.None _, Fault.Answer _ -> out.write(body);
        }
    }

    private static void head(OutputStream out, int status, Map<String, String> headers, int length)
            throws IOException {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " x\r\n");
        headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Length: " + length + "\r\nConnection: close\r\n\r\n");
        out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        socket.close();
        threads.shutdownNow();
        client.shutdownNow();
    }
}
