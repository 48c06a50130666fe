package io.carpel.runtime.image.registry;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Requests to one registry during one pull: authorisation, redirects, patience. Thread-safe.
final class EndpointSession {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> AGAIN = Set.of(429, 500, 502, 503, 504);
    private static final int REDIRECT_LIMIT = 5;
    private static final int RETRIES = 3;
    private static final int REFUSALS = 2;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final long LONGEST_PAUSE = 10;

    private final Exchanges exchanges;
    private final RegistrySettings settings;
    private final Endpoint endpoint;
    private final Authorizer authorizer;
    private final Interruption interruption;
    private volatile boolean plain;

    EndpointSession(
            Exchanges exchanges,
            RegistrySettings settings,
            Endpoint endpoint,
            Authorizer authorizer,
            Interruption interruption) {
        this.exchanges = exchanges;
        this.settings = settings;
        this.endpoint = endpoint;
        this.authorizer = authorizer;
        this.interruption = interruption;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    int attempts() {
        return settings.attempts();
    }

    /// The answer to a GET below `/v2/`, whatever its status; the caller closes its body.
    HttpResponse<BodyStream> get(String path, Map<String, String> headers) throws IOException {
        int refused = 0;
        for (int attempt = 0; ; attempt++) {
            Optional<String> authorization = authorizer.header();
            HttpResponse<BodyStream> answer = follow(path, headers, authorization);
            int status = answer.statusCode();
            if (status == 401 && fromRegistry(answer.uri()) && refused++ < REFUSALS) {
                answer.body().close();
                if (!authorizer.answer(answer, authorization)) {
                    return answer;
                }
            } else if (AGAIN.contains(status) && attempt < RETRIES) {
                answer.body().close();
                Exchanges.pause(pause(answer, attempt), interruption);
            } else {
                return answer;
            }
        }
    }

    private static Duration pause(HttpResponse<?> answer, int attempt) {
        Duration own = FIRST_PAUSE.multipliedBy(1L << attempt);
        String asked = answer.headers().firstValue("retry-after").orElse("");
        return asked.matches("\\d{1,4}")
                ? Duration.ofSeconds(Math.min(LONGEST_PAUSE, Long.parseLong(asked)))
                : own;
    }

    /// Follows redirects. Authorization goes to the registry's own address only.
    private HttpResponse<BodyStream> follow(
            String path, Map<String, String> headers, Optional<String> authorization)
            throws IOException {
        HttpResponse<BodyStream> answer = first(path, headers, authorization);
        for (int hops = 0; REDIRECTS.contains(answer.statusCode()); hops++) {
            answer.body().close();
            if (hops == REDIRECT_LIMIT) {
                throw new IOException("more than " + REDIRECT_LIMIT + " redirects");
            }
            URI next = target(answer);
            answer = send(next, headers, fromRegistry(next) ? authorization : Optional.empty());
        }
        return answer;
    }

    private URI target(HttpResponse<?> answer) throws IOException {
        String location = answer.headers().firstValue("location").orElse("");
        URI next;
        try {
            next = answer.uri().resolve(URI.create(location));
        } catch (IllegalArgumentException e) {
            throw new IOException("redirect to a malformed address", e);
        }
        String scheme = next.getScheme() == null ? "" : next.getScheme();
        boolean allowed =
                scheme.equals("https")
                        || (scheme.equals("http") && answer.uri().getScheme().equals("http"));
        if (!allowed || next.getHost() == null || next.getRawUserInfo() != null) {
            throw new IOException("redirect to an address without TLS is not followed");
        }
        return next;
    }

    /// TLS first; registries called insecure may turn out not to speak it.
    private HttpResponse<BodyStream> first(
            String path, Map<String, String> headers, Optional<String> authorization)
            throws IOException {
        if (!plain) {
            try {
                return send(registry("https", path), headers, authorization);
            } catch (ConnectException | HttpConnectTimeoutException e) {
                throw e;
            } catch (IOException e) {
                // Servers that do not know TLS answer in plain text, hang up, or say nothing.
                interruption.check();
                if (!endpoint.insecure()) {
                    throw e;
                }
                HttpResponse<BodyStream> answer =
                        send(registry("http", path), headers, authorization);
                plain = true;
                return answer;
            }
        }
        return send(registry("http", path), headers, authorization);
    }

    private URI registry(String scheme, String path) throws IOException {
        try {
            return URI.create(scheme + "://" + endpoint.authority() + "/v2/" + path);
        } catch (IllegalArgumentException e) {
            throw new IOException("address of registry '" + endpoint.host() + "' is malformed", e);
        }
    }

    private boolean fromRegistry(URI uri) {
        String authority = uri.getRawAuthority();
        String scheme = plain ? "http" : "https";
        return authority != null
                && authority
                        .toLowerCase(Locale.ROOT)
                        .equals(endpoint.authority().toLowerCase(Locale.ROOT))
                && (uri.getScheme().equals(scheme) || endpoint.insecure());
    }

    private HttpResponse<BodyStream> send(
            URI uri, Map<String, String> headers, Optional<String> authorization)
            throws IOException {
        Map<String, String> all = new LinkedHashMap<>(headers);
        authorization.ifPresent(value -> all.put("Authorization", value));
        return exchanges.send(endpoint, uri, all, Optional.empty(), interruption);
    }
}
