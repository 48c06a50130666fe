package io.carpel.agent.streaming;

import io.carpel.runtime.error.UnavailableException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A TLS context that follows its files: a new certificate counts from the next connection on.
/// Thread-safe.
final class ReloadingTls {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadingTls.class);

    private final StreamingConfig.Tls files;
    // guarded by this
    private Loaded loaded;

    private record Loaded(SslContext context, FileTime certificate, FileTime key) {}

    /// @throws UnavailableException when the files cannot be read or do not fit together
    ReloadingTls(StreamingConfig.Tls files) {
        this.files = files;
        try {
            this.loaded = load(files);
        } catch (IOException failure) {
            throw new UnavailableException(
                    "TLS files %s and %s: %s"
                            .formatted(files.certificate(), files.key(), failure.getMessage()),
                    failure);
        }
    }

    /// The context of the files as they are now; the last good one while they are broken.
    synchronized SslContext current() {
        try {
            if (!loaded.certificate().equals(Files.getLastModifiedTime(files.certificate()))
                    || !loaded.key().equals(Files.getLastModifiedTime(files.key()))) {
                loaded = load(files);
                LOG.info("stream server took a new certificate from {}", files.certificate());
            }
        } catch (IOException | IllegalArgumentException failure) {
            LOG.warn("keeping the old certificate: {}", failure.toString());
        }
        return loaded.context();
    }

    private static Loaded load(StreamingConfig.Tls files) throws IOException {
        return new Loaded(
                SslContextBuilder.forServer(files.certificate().toFile(), files.key().toFile())
                        .build(),
                Files.getLastModifiedTime(files.certificate()),
                Files.getLastModifiedTime(files.key()));
    }
}
