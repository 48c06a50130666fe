package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.image.content.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import land.oras.ContainerRef;
import land.oras.auth.UsernamePasswordProvider;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Proves to one registry, for one pull, who is asking. Thread-safe.
///
/// Its headers are for that registry's own address and nobody else: the caller leaves them out
/// after a redirect. Tokens live as long as the pull, so no other pull can profit from them.
final class Authorizer {
    private static final int ANSWER_LIMIT = 1 << 20;

    private final Exchanges exchanges;
    private final Endpoint endpoint;
    private final Login login;
    private final Interruption interruption;
    private final Object lock = new Object();
    private volatile Optional<String> header;

    Authorizer(Exchanges exchanges, Endpoint endpoint, Login login, Interruption interruption) {
        this.exchanges = exchanges;
        this.endpoint = endpoint;
        this.login = login;
        this.interruption = interruption;
        this.header =
                login instanceof Login.Bearer(String token)
                        ? Optional.of("Bearer " + token)
                        : Optional.empty();
    }

    /// The value for `Authorization`, once it is known.
    Optional<String> header() {
        return header;
    }

    /// Answers a refusal.
    ///
    /// @param used the header the refused request carried
    /// @return whether another try makes sense
    boolean answer(HttpResponse<?> refusal, Optional<String> used) throws IOException {
        synchronized (lock) {
            if (!header.equals(used)) {
                // Another layer's request has been through this meanwhile.
                return true;
            }
            Optional<Challenge> challenge =
                    Challenge.best(refusal.headers().allValues("www-authenticate"));
            if (challenge.isEmpty() || login instanceof Login.Bearer) {
                return false;
            }
            Optional<String> next =
                    challenge.get().scheme().equals("bearer")
                            ? token(challenge.get(), refusal.uri())
                            : basic();
            boolean changed = next.isPresent() && !next.equals(used);
            header = next;
            return changed;
        }
    }

    private Optional<String> basic() {
        if (login instanceof Login.Basic(String user, String password)) {
            return Optional.of(
                    new UsernamePasswordProvider(user, password)
                            .getAuthHeader(ContainerRef.parse(endpoint.path())));
        }
        return Optional.empty();
    }

    /// Asks the token service that the registry names. The scope is ours, whatever the registry
    /// proposes: reading this one repository.
    private Optional<String> token(Challenge challenge, URI asked) throws IOException {
        URI realm = realm(challenge, asked);
        String service = challenge.parameter("service");
        Map<String, String> form = new LinkedHashMap<>();
        if (!service.isEmpty()) {
            form.put("service", service);
        }
        form.put("scope", "repository:" + endpoint.path() + ":pull");
        Map<String, String> headers = new LinkedHashMap<>();
        Optional<String> body = Optional.empty();
        if (login instanceof Login.Identity(String refresh)) {
            form.put("grant_type", "refresh_token");
            form.put("client_id", "carpel");
            form.put("refresh_token", refresh);
            body = Optional.of(encode(form));
        } else {
            basic().ifPresent(value -> headers.put("Authorization", value));
            String separator = realm.getRawQuery() == null ? "?" : "&";
            realm = URI.create(realm + separator + encode(form));
        }
        HttpResponse<BodyStream> answer =
                exchanges.send(endpoint, realm, headers, body, interruption);
        try (BodyStream stream = answer.body()) {
            if (answer.statusCode() != 200) {
                throw new FailedPreconditionException(
                        "token service %s of registry '%s' refuses access (status %d)"
                                .formatted(
                                        realm.getAuthority(),
                                        endpoint.host(),
                                        answer.statusCode()));
            }
            return Optional.of("Bearer " + read(stream.readNBytes(ANSWER_LIMIT), realm));
        }
    }

    private URI realm(Challenge challenge, URI asked) throws IOException {
        URI realm;
        try {
            realm = URI.create(challenge.parameter("realm"));
        } catch (IllegalArgumentException e) {
            throw new IOException("registry names a malformed token service", e);
        }
        String scheme = realm.getScheme() == null ? "" : realm.getScheme();
        boolean plain = scheme.equals("http") && asked.getScheme().equals("http");
        if (realm.getHost() == null || !(scheme.equals("https") || plain)) {
            throw new FailedPreconditionException(
                    "registry '%s' names a token service without TLS".formatted(endpoint.host()));
        }
        return realm;
    }

    private static String read(byte[] answer, URI realm) throws IOException {
        try {
            JsonNode json = Json.read(answer);
            String token = json.path("token").asString("");
            if (token.isEmpty()) {
                token = json.path("access_token").asString("");
            }
            if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                throw new IOException("token service " + realm.getAuthority() + " gave no token");
            }
            return token;
        } catch (JacksonException _) {
            throw new IOException("token service " + realm.getAuthority() + " answers no JSON");
        }
    }

    private static String encode(Map<String, String> form) {
        StringBuilder out = new StringBuilder();
        form.forEach((key, value) ->
                out.append(out.isEmpty() ? "" : "&")
                        .append(key)
                        .append('=')
                        .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return out.toString();
    }
}
