package io.carpel.agent.streaming;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.carpel.runtime.error.UnavailableException;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A TLS context that follows its files: a new certificate counts from the next connection on.
/// Thread-safe.
///
/// The files are looked at when a connection comes, so that nothing has to watch them. A renewal
/// replaces them one after the other: while they do not fit together the last good context serves.
final class ReloadingTls {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadingTls.class);

    private final StreamingConfig.Tls files;

    @GuardedBy("this")
    private SslContext context;

    /// Which files were looked at last, good or not.
    @GuardedBy("this")
    private List<Version> seen;

    /// @param file tells a renamed file from the one before, which may be as old and as long
    private record Version(FileTime modified, long size, String file) {}

    /// @throws UnavailableException when the files cannot be read or do not fit together
    ReloadingTls(StreamingConfig.Tls files) {
        this.files = files;
        try {
            this.seen = versions(files);
            this.context = TlsFiles.load(files);
        } catch (IOException failure) {
            throw new UnavailableException(
                    "TLS of the stream server: " + failure.getMessage(), failure);
        }
    }

    /// The context of the files as they are now; the last good one while they are broken.
    synchronized SslContext current() {
        try {
            List<Version> now = versions(files);
            if (!now.equals(seen)) {
                seen = now;
                context = TlsFiles.load(files);
                LOG.info("stream server took a new certificate from {}", files.certificate());
            }
        } catch (IOException failure) {
            LOG.warn("stream server keeps its old certificate: {}", failure.getMessage());
        }
        return context;
    }

    /// What is seen before the files are read, so that a change in between is seen the next time.
    private static List<Version> versions(StreamingConfig.Tls files) throws IOException {
        List<Version> versions = new ArrayList<>();
        List<Path> all =
                Stream.concat(
                                Stream.of(files.certificate(), files.key()),
                                files.clientCa().stream())
                        .toList();
        for (Path file : all) {
            versions.add(version(file));
        }
        return versions;
    }

    private static Version version(Path file) throws IOException {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(
                    attributes.lastModifiedTime(),
                    attributes.size(),
                    Objects.toString(attributes.fileKey()));
        } catch (NoSuchFileException missing) {
            throw new IOException(file + ": no such file", missing);
        }
    }
}
