package io.carpel.runtime.network;

import io.carpel.runtime.lifecycle.NamespaceThread;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.NamespaceKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A network namespace made for a test, under a name of its own; closing it removes it.
public final class TestNamespace implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();
    private static final int TIMEOUT_MILLIS = 5000;

    private final String name;

    private TestNamespace(String name) {
        this.name = name;
    }

    public static TestNamespace create(String role) throws IOException {
        String name =
                "cpltest-%d-%d-%s"
                        .formatted(ProcessHandle.current().pid(), COUNTER.incrementAndGet(), role);
        run("ip", "netns", "add", name);
        var namespace = new TestNamespace(name);
        namespace.exec("ip", "link", "set", "lo", "up");
        return namespace;
    }

    public String name() {
        return name;
    }

    public Path file() {
        return Path.of("/run/netns", name);
    }

    /// Runs `work` on a thread inside. Threads and processes started by it stand inside as well.
    public <T> T call(Callable<T> work) throws IOException {
        return NamespaceThread.call(
                "test",
                () -> {
                    var calls = new LinuxNamespaceCalls();
                    try (Fd fd = calls.open(file())) {
                        calls.setns(fd, NamespaceKind.NET);
                    }
                    return work.call();
                });
    }

    /// Runs a command inside and gives back what it prints.
    public String exec(String... command) throws IOException {
        var whole = new ArrayList<>(List.of("ip", "netns", "exec", name));
        whole.addAll(List.of(command));
        return run(whole.toArray(String[]::new));
    }

    /// A server inside that answers every connection with the address it comes from.
    public EchoServer serve(String address, int port) throws IOException {
        return call(() -> {
            var socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(address, port));
            return new EchoServer(socket);
        });
    }

    /// Connects from inside, and gives back what an [EchoServer] answers.
    public String ask(String address, int port) throws IOException {
        return call(() -> {
            try (var socket = new Socket()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.connect(new InetSocketAddress(address, port), TIMEOUT_MILLIS);
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new IOException(
                        "%s to %s:%d: %s".formatted(name, address, port, e.getMessage()), e);
            }
        });
    }

    /// A listening socket and the thread that answers.
    public static final class EchoServer implements AutoCloseable {
        private final ServerSocket socket;

        private EchoServer(ServerSocket socket) {
            this.socket = socket;
            Thread.ofPlatform().daemon().name("echo server").start(this::answerAll);
        }

        private void answerAll() {
            while (true) {
                try (Socket client = socket.accept()) {
                    byte[] peer =
                            client.getInetAddress()
                                    .getHostAddress()
                                    .getBytes(StandardCharsets.UTF_8);
                    client.getOutputStream().write(peer);
                } catch (IOException _) {
                    if (socket.isClosed()) {
                        return;
                    }
                }
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /// Runs a command and gives back what it prints.
    public static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output);
            }
            return output;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        run("ip", "netns", "del", name);
    }
}
