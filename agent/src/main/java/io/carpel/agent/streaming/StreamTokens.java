package io.carpel.agent.streaming;

import io.carpel.runtime.error.ResourceExhaustedException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Single-use tokens for requests that wait for their client. Thread-safe.
///
/// A token holds 144 random bits, lives for a minute and is gone once presented: it is the only
/// authorisation of the stream server, which listens on loopback.
public final class StreamTokens {
    /// As many requests may wait at once; the kubelet of a large node stays far below.
    static final int MAX_OUTSTANDING = 1000;

    /// And so much of their commands together: a single one may be as long as the kernel takes.
    static final long MAX_LENGTH = 16 << 20;

    static final Duration LIFETIME = Duration.ofMinutes(1);

    private static final int TOKEN_BYTES = 18;

    private final Clock clock;
    private final SecureRandom random;
    // Insertion order is order of expiry, since all tokens live equally long.
    private final Map<String, Waiting> waiting = new LinkedHashMap<>();
    // Of all that wait.
    private long length;

    private record Waiting(StreamRequest request, Instant expires) {}

    public StreamTokens(Clock clock, SecureRandom random) {
        this.clock = clock;
        this.random = random;
    }

    /// Keeps a request and returns the token that stands for it.
    ///
    /// @throws ResourceExhaustedException when too many requests wait for their client
    public synchronized String issue(StreamRequest request) {
        dropExpired();
        if (waiting.size() >= MAX_OUTSTANDING) {
            throw new ResourceExhaustedException(
                    "%d streaming requests already wait for their client"
                            .formatted(waiting.size()));
        }
        if (length + request.length() > MAX_LENGTH) {
            throw new ResourceExhaustedException(
                    "commands of %d characters already wait for their client".formatted(length));
        }
        length += request.length();
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        waiting.put(token, new Waiting(request, clock.instant().plus(LIFETIME)));
        return token;
    }

    /// Redeems a token; empty when it is unknown, used or too old, or was issued for another verb.
    public synchronized Optional<StreamRequest> redeem(String verb, String token) {
        dropExpired();
        Waiting found = waiting.get(token);
        if (found == null || !found.request().verb().equals(verb)) {
            return Optional.empty();
        }
        waiting.remove(token);
        length -= found.request().length();
        return Optional.of(found.request());
    }

    private void dropExpired() {
        Instant now = clock.instant();
        Iterator<Waiting> oldest = waiting.values().iterator();
        while (oldest.hasNext()) {
            Waiting next = oldest.next();
            if (next.expires().isAfter(now)) {
                return;
            }
            oldest.remove();
            length -= next.request().length();
        }
    }
}
