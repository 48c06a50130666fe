package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.namespace.PodNamespaces;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;

/// Opens connections to ports that processes of a sandbox listen on at its loopback.
final class PodDialer {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int LAST_PORT = 65535;

    /// In this order: most programs listen on the first.
    private static final List<String> LOOPBACK = List.of("127.0.0.1", "::1");

    private final PodNamespaces namespaces;

    PodDialer(PodNamespaces namespaces) {
        this.namespaces = namespaces;
    }

    /// A connected channel; the socket belongs to the sandbox's network namespace for good,
    /// whatever thread uses it.
    ///
    /// @throws UnavailableException when nothing listens
    SocketChannel dial(Sandbox sandbox, int port) {
        if (port < 1 || port > LAST_PORT) {
            throw new InvalidArgumentException("port %d is not in 1…65535".formatted(port));
        }
        try {
            return sandbox.pins().net().isEmpty()
                    ? connect(port)
                    : namespaces.inNetwork(sandbox.pins(), () -> connect(port));
        } catch (IOException e) {
            throw new UnavailableException(
                    "could not connect to port %d of sandbox %s: %s"
                            .formatted(port, sandbox.id(), e.getMessage()),
                    e);
        }
    }

    private static SocketChannel connect(int port) throws IOException {
        IOException first = new IOException("no address to try");
        for (int i = 0; i < LOOPBACK.size(); i++) {
            SocketChannel channel = SocketChannel.open();
            try {
                channel.socket()
                        .connect(
                                new InetSocketAddress(LOOPBACK.get(i), port),
                                (int) LIMIT.toMillis());
                return channel;
            } catch (IOException e) {
                channel.close();
                if (i == 0) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        throw first;
    }
}
