package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.ManifestReader;
import io.carpel.runtime.image.content.MediaTypes;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One pull's conversation with a repository and its mirrors. Thread-safe.
public final class RegistrySession {
    private static final Logger LOG = LoggerFactory.getLogger(RegistrySession.class);
    private static final Map<String, String> MANIFESTS =
            Map.of(
                    "Accept",
                    String.join(
                            ", ",
                            MediaTypes.OCI_INDEX,
                            MediaTypes.OCI_MANIFEST,
                            MediaTypes.DOCKER_INDEX,
                            MediaTypes.DOCKER_MANIFEST));

    private final RepositoryName name;
    private final List<EndpointSession> endpoints;
    private final Interruption interruption;
    private final RegistrySettings settings;

    RegistrySession(
            RepositoryName name,
            List<EndpointSession> endpoints,
            Interruption interruption,
            RegistrySettings settings) {
        this.name = name;
        this.endpoints = List.copyOf(endpoints);
        this.interruption = interruption;
        this.settings = settings;
    }

    /// A document as it came, with its type by the answer's header.
    // Not compared, only carried; the array is never changed.
    @SuppressWarnings("ArrayRecordComponent")
    public record Document(byte[] content, String mediaType, Digest digest) {}

    /// The manifest or index that the name stands for.
    public Document resolve() {
        return any(
                "manifest of '" + name + "'",
                endpoint -> manifest(endpoint, name.reference(), ManifestReader.LIMIT));
    }

    /// A manifest by its descriptor.
    public Document manifest(Descriptor descriptor) {
        if (descriptor.size() > ManifestReader.LIMIT) {
            throw new FailedPreconditionException(
                    "manifest %s of '%s' is larger than %d bytes"
                            .formatted(descriptor.digest(), name, ManifestReader.LIMIT));
        }
        return any(
                "manifest " + descriptor.digest() + " of '" + name + "'",
                endpoint ->
                        manifest(
                                endpoint, descriptor.digest().toString(), (int) descriptor.size()));
    }

    private Document manifest(EndpointSession endpoint, String reference, int limit)
            throws IOException {
        String path = endpoint.endpoint().path() + "/manifests/" + reference;
        HttpResponse<BodyStream> answer = endpoint.get(path, MANIFESTS);
        try (BodyStream body = answer.body()) {
            require(endpoint, answer, "manifest '" + reference + "'");
            byte[] content = read(body, limit);
            Digest digest =
                    reference.indexOf(':') >= 0 ? Digest.parse(reference) : Digest.of(content);
            if (!digest.matches(content)) {
                throw new WrongContentException(
                        "manifest %s of '%s' from registry '%s' has another content"
                                .formatted(digest, name, endpoint.endpoint().host()));
            }
            String type = answer.headers().firstValue("content-type").orElse("");
            int semicolon = type.indexOf(';');
            type = (semicolon < 0 ? type : type.substring(0, semicolon)).strip();
            boolean known = MediaTypes.isIndex(type) || MediaTypes.isManifest(type);
            return new Document(content, known ? type : "", digest);
        }
    }

    /// A small blob, checked.
    public byte[] blob(Descriptor descriptor, int limit) {
        if (descriptor.size() > limit) {
            throw new FailedPreconditionException(
                    "blob %s of '%s' has %d bytes, more than %d"
                            .formatted(descriptor.digest(), name, descriptor.size(), limit));
        }
        return any(
                "blob " + descriptor.digest() + " of '" + name + "'",
                endpoint -> {
                    try (InputStream in = open(endpoint, descriptor, _ -> {})) {
                        byte[] content = read(in, (int) descriptor.size());
                        if (!descriptor.digest().matches(content)) {
                            throw new WrongContentException(
                                    "blob %s of '%s' from registry '%s' has another content"
                                            .formatted(
                                                    descriptor.digest(),
                                                    name,
                                                    endpoint.endpoint().host()));
                        }
                        return content;
                    }
                });
    }

    /// Tries `transfer` with a stream of the blob from one place after the other, until one of them
    /// delivers it whole. The stream resumes by itself where the registry can.
    ///
    /// @param retrying hears why a transfer had to be taken up again
    public <T> T transfer(Descriptor descriptor, Consumer<String> retrying, Transfer<T> transfer) {
        return any(
                "blob " + descriptor.digest() + " of '" + name + "'",
                endpoint ->
                        transfer.with(
                                endpoint.endpoint().host(),
                                () -> open(endpoint, descriptor, retrying)));
    }

    /// Uses a blob's stream.
    @FunctionalInterface
    public interface Transfer<T> {
        /// @param place who delivers it
        T with(String place, Opening opening) throws IOException;
    }

    /// Begins a transfer.
    @FunctionalInterface
    public interface Opening {
        InputStream open() throws IOException;
    }

    private InputStream open(
            EndpointSession endpoint, Descriptor descriptor, Consumer<String> retrying)
            throws IOException {
        return new ResumingBlob(this, endpoint, descriptor, interruption, retrying);
    }

    private static byte[] read(InputStream in, int limit) throws IOException {
        byte[] content = in.readNBytes(limit + 1);
        if (content.length > limit) {
            throw new WrongContentException("answer is larger than " + limit + " bytes");
        }
        return content;
    }

    /// @throws NotFoundException for 404
    /// @throws FailedPreconditionException for other refusals
    /// @throws IOException for failures of the registry, which another place may not have
    void require(EndpointSession endpoint, HttpResponse<BodyStream> answer, String what)
            throws IOException {
        int status = answer.statusCode();
        String host = endpoint.endpoint().host();
        switch (status) {
            case 200, 206 -> {}
            case 404 ->
                    throw new NotFoundException(
                            "%s of '%s' is not in registry '%s'".formatted(what, name, host));
            case 401, 403 ->
                    throw new FailedPreconditionException(
                            "registry '%s' denies access to '%s' (status %d)"
                                    .formatted(host, name, status));
            default -> throw new IOException("registry '%s' answers %d".formatted(host, status));
        }
    }

    @FunctionalInterface
    private interface Attempt<T> {
        T at(EndpointSession endpoint) throws IOException;
    }

    /// Mirrors may lack an image, be down, or deliver nonsense: the next place is asked then. The
    /// last one's failure is the answer.
    private <T> T any(String what, Attempt<T> attempt) {
        for (int i = 0; ; i++) {
            EndpointSession endpoint = endpoints.get(i);
            boolean last = i == endpoints.size() - 1;
            try {
                return attempt.at(endpoint);
            } catch (IOException e) {
                interruption.check();
                if (last || isLocal(e)) {
                    throw failure(what, endpoint, e);
                }
                LOG.info(
                        "{}: mirror {} failed: {}",
                        what,
                        endpoint.endpoint().host(),
                        e.getMessage());
            } catch (NotFoundException | FailedPreconditionException | UnavailableException e) {
                if (last) {
                    throw e;
                }
                LOG.info("mirror {}: {}", endpoint.endpoint().host(), e.getMessage());
            }
        }
    }

    private static boolean isLocal(IOException e) {
        return e instanceof LocalFailure;
    }

    private ContainerRuntimeException failure(
            String what, EndpointSession endpoint, IOException e) {
        if (e instanceof LocalFailure local) {
            return local.failure();
        }
        if (e instanceof WrongContentException) {
            return new FailedPreconditionException(what + ": " + e.getMessage(), e);
        }
        return new UnavailableException(
                "RegistryUnavailable: %s: registry '%s': %s"
                        .formatted(what, endpoint.endpoint().host(), Exchanges.reason(e)),
                e);
    }

    RegistrySettings settings() {
        return settings;
    }

    /// A registry delivered something else than it was asked for.
    public static final class WrongContentException extends IOException {
        private static final long serialVersionUID = 1L;

        public WrongContentException(String message) {
            super(message);
        }
    }

    /// The transfer failed for a reason on this host, such as a full disk: no other place helps.
    public static final class LocalFailure extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient ContainerRuntimeException failure;

        public LocalFailure(ContainerRuntimeException failure) {
            super(failure);
            this.failure = failure;
        }

        public ContainerRuntimeException failure() {
            return failure;
        }
    }
}
