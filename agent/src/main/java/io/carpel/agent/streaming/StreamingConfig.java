package io.carpel.agent.streaming;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// How the stream server listens.
///
/// @param address where to listen; a loopback address unless an administrator chose otherwise
/// @param port 0 takes a free one
/// @param tls certificate and key in PEM; read again when the files change
/// @param creationTimeout how long a client may take to open the streams that it asked for
/// @param idleTimeout a connection on which nothing moves for so long is closed
public record StreamingConfig(
        String address,
        int port,
        Optional<Tls> tls,
        Duration creationTimeout,
        Duration idleTimeout) {
    /// @param certificate chain in PEM
    /// @param key PKCS#8 in PEM
    public record Tls(Path certificate, Path key) {}

    /// Loopback, a free port, plain HTTP; the time-outs that clients know from the kubelet.
    public static StreamingConfig defaults() {
        return new StreamingConfig(
                "127.0.0.1", 0, Optional.empty(), Duration.ofSeconds(30), Duration.ofHours(4));
    }
}
