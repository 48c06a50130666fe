package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.CancelledException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;

/// Single HTTP exchanges: no redirect is followed here and no credential added. Each ends within
/// the stall timeout or when the caller gives up.
final class Exchanges implements AutoCloseable {
    private static final String AGENT = "carpel";
    private static final int MESSAGE_LIMIT = 200;

    private volatile RegistrySettings settings;
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    Exchanges(RegistrySettings settings) {
        this.settings = settings;
    }

    void use(RegistrySettings next) {
        settings = next;
    }

    /// One request and the beginning of its answer; the caller closes the body.
    HttpResponse<BodyStream> send(
            Endpoint endpoint,
            URI uri,
            Map<String, String> headers,
            Optional<String> form,
            Interruption interruption)
            throws IOException {
        interruption.check();
        Duration patience = settings.stallTimeout();
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).header("User-Agent", AGENT);
        headers.forEach(request::header);
        form.ifPresent(f ->
                request.header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(f)));
        CompletableFuture<HttpResponse<BodyStream>> answer =
                client(endpoint, uri).sendAsync(request.build(), _ -> new BodyStream(patience));
        try (var _ = interruption.onStop(() -> answer.cancel(true))) {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            drop(answer);
            throw new IOException("no answer within " + patience.toSeconds() + " s", e);
        } catch (CancellationException e) {
            interruption.check();
            throw new IOException("request broken off", e);
        } catch (ExecutionException e) {
            interruption.check();
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof IOException io) {
                throw io;
            }
            throw new IOException(reason(cause), cause);
        } catch (InterruptedException e) {
            drop(answer);
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted", e);
        }
    }

    /// One that comes in this very moment would hold its connection for ever.
    private static void drop(CompletableFuture<HttpResponse<BodyStream>> answer) {
        answer.cancel(true);
        var _ = answer.thenAccept(late -> late.body().close());
    }

    /// One client for each set of trusted certificates; connections are shared between pulls, but
    /// credentials never are. A client has a thread and the system's authorities in memory: however
    /// many hosts a registry redirects to, those without certificates of their own share one.
    private HttpClient client(Endpoint endpoint, URI uri) {
        if (uri.getScheme().equals("http")) {
            return clients.computeIfAbsent("http", _ -> build(Optional.empty()));
        }
        if (endpoint.insecure() && uri.getAuthority().equals(endpoint.authority())) {
            return clients.computeIfAbsent("insecure", _ -> build(Optional.of(Tls.insecure())));
        }
        String host = uri.getAuthority();
        String prefix = "tls " + host + " ";
        String own = Tls.state(settings.certDirs(), host);
        String key = own.isEmpty() ? "tls" : prefix + own;
        HttpClient client =
                clients.computeIfAbsent(
                        key, _ -> build(Optional.of(Tls.forHost(settings.certDirs(), host))));
        for (String other : List.copyOf(clients.keySet())) {
            if (other.startsWith(prefix) && !other.equals(key)) {
                // The host's certificates were changed; transfers under way may end.
                Optional.ofNullable(clients.remove(other)).ifPresent(HttpClient::shutdown);
            }
        }
        return client;
    }

    private HttpClient build(Optional<SSLContext> tls) {
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(settings.connectTimeout());
        tls.ifPresent(builder::sslContext);
        return builder.build();
    }

    /// Waits, but not longer than the caller wants to.
    static void pause(Duration time, Interruption interruption) {
        CountDownLatch stop = new CountDownLatch(1);
        try (var _ = interruption.onStop(stop::countDown)) {
            if (stop.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
                interruption.check();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted", e);
        }
    }

    /// A failure in a few words; connection errors of the JDK often have no message.
    static String reason(Throwable failure) {
        String message = failure.getMessage();
        if (failure instanceof java.net.ConnectException && message == null) {
            return "connection refused or host unreachable";
        }
        if (failure instanceof java.nio.channels.UnresolvedAddressException
                || failure.getCause() instanceof java.nio.channels.UnresolvedAddressException) {
            return "host name cannot be resolved";
        }
        if (message == null || message.isEmpty()) {
            return failure.getClass().getSimpleName();
        }
        return message.length() > MESSAGE_LIMIT ? message.substring(0, MESSAGE_LIMIT) : message;
    }

    @Override
    public void close() {
        clients.values().forEach(HttpClient::shutdownNow);
        clients.clear();
    }
}
