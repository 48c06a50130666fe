package io.carpel.agent.streaming;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKey;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.runtime.error.InvalidArgumentException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// How the stream server listens.
///
/// @param address where to listen; a loopback address unless an administrator chose otherwise
/// @param port 0 takes a free one
/// @param tls what to prove itself with; without it the server speaks plain HTTP
/// @param creationTimeout how long a client may take to ask, and again to open its streams
/// @param idleTimeout a connection on which nothing moves for so long is closed
public record StreamingConfig(
        InetAddress address,
        int port,
        Optional<Tls> tls,
        Duration creationTimeout,
        Duration idleTimeout) {
    /// Files in PEM, read again when they change.
    ///
    /// @param certificate chain, the server's own first
    /// @param key PKCS#8
    /// @param clientCa who signs clients' certificates; without it clients need none
    public record Tls(Path certificate, Path key, Optional<Path> clientCa) {}

    /// @throws InvalidArgumentException when keys do not fit together
    public StreamingConfig {
        if (address.isAnyLocalAddress()) {
            throw new InvalidArgumentException(
                    "%s %s: wanted one address, since clients are told a URL with it"
                            .formatted(ConfigKeys.STREAM_ADDRESS.name(), address.getHostAddress()));
        }
        require(ConfigKeys.STREAM_IDLE_TIMEOUT, idleTimeout);
        require(ConfigKeys.STREAM_CREATION_TIMEOUT, creationTimeout);
    }

    private static void require(ConfigKey<Duration> key, Duration value) {
        if (value.isZero()) {
            throw new InvalidArgumentException(
                    "%s is zero: no connection would live".formatted(key.name()));
        }
    }

    /// What the administrator chose.
    ///
    /// @throws InvalidArgumentException when keys do not fit together
    public static StreamingConfig of(AgentConfig config) {
        return new StreamingConfig(
                config.get(ConfigKeys.STREAM_ADDRESS),
                config.get(ConfigKeys.STREAM_PORT),
                tls(config),
                config.get(ConfigKeys.STREAM_CREATION_TIMEOUT),
                config.get(ConfigKeys.STREAM_IDLE_TIMEOUT));
    }

    /// Reads the files of TLS, as a start would.
    ///
    /// @throws IOException naming the file that cannot be used
    public void check() throws IOException {
        if (tls.isPresent()) {
            TlsFiles.load(tls.get());
        }
    }

    private static Optional<Tls> tls(AgentConfig config) {
        Optional<Path> certificate = config.get(ConfigKeys.STREAM_TLS_CERT);
        Optional<Path> key = config.get(ConfigKeys.STREAM_TLS_KEY);
        Optional<Path> clientCa = config.get(ConfigKeys.STREAM_TLS_CLIENT_CA);
        if (certificate.isPresent() && key.isPresent()) {
            return Optional.of(new Tls(certificate.get(), key.get(), clientCa));
        }
        if (certificate.isPresent() || key.isPresent() || clientCa.isPresent()) {
            throw new InvalidArgumentException(
                    "TLS of the stream server needs both %s (%s) and %s (%s)"
                            .formatted(
                                    ConfigKeys.STREAM_TLS_CERT.name(),
                                    config.toml(ConfigKeys.STREAM_TLS_CERT),
                                    ConfigKeys.STREAM_TLS_KEY.name(),
                                    config.toml(ConfigKeys.STREAM_TLS_KEY)));
        }
        return Optional.empty();
    }
}
