package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.ResourceExhaustedException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StreamTokensTest {
    private static final StreamRequest FORWARD = new StreamRequest.PortForward("pod", List.of());

    private final MovableClock clock = new MovableClock();
    private final StreamTokens tokens = new StreamTokens(clock, new SecureRandom());

    @Test
    void tokenIsGoodOnce() {
        String token = tokens.issue(FORWARD);
        assertThat(tokens.redeem("portforward", token)).contains(FORWARD);
        assertThat(tokens.redeem("portforward", token)).isEmpty();
    }

    @Test
    void tokenOfAnotherVerbStaysGoodForItsOwn() {
        String token = tokens.issue(FORWARD);
        assertThat(tokens.redeem("exec", token)).isEmpty();
        assertThat(tokens.redeem("portforward", token)).contains(FORWARD);
    }

    @Test
    void tokenExpires() {
        String token = tokens.issue(FORWARD);
        clock.now = clock.now.plus(StreamTokens.LIFETIME);
        assertThat(tokens.redeem("portforward", token)).isEmpty();
    }

    @Test
    void waitingRequestsAreBoundedAndExpiredOnesMakeRoom() {
        Set<String> issued = new HashSet<>();
        for (int i = 0; i < StreamTokens.MAX_OUTSTANDING; i++) {
            issued.add(tokens.issue(FORWARD));
        }
        assertThat(issued).hasSize(StreamTokens.MAX_OUTSTANDING);
        assertThatThrownBy(() -> tokens.issue(FORWARD))
                .isInstanceOf(ResourceExhaustedException.class);
        clock.now = clock.now.plus(StreamTokens.LIFETIME).plus(Duration.ofMillis(1));
        assertThat(tokens.issue(FORWARD)).hasSize(24);
    }

    @Test
    void longCommandsAreBoundedTogether() {
        StreamRequest large =
                new StreamRequest.Exec(
                        "container",
                        List.of("sh", "x".repeat((int) StreamTokens.MAX_LENGTH / 4)),
                        new StreamRequest.Streams(false, true, false, false));
        String first = tokens.issue(large);
        tokens.issue(large);
        tokens.issue(large);
        assertThatThrownBy(() -> tokens.issue(large))
                .isInstanceOf(ResourceExhaustedException.class);
        assertThat(tokens.issue(FORWARD)).hasSize(24);
        assertThat(tokens.redeem("exec", first)).contains(large);
        tokens.issue(large);
        clock.now = clock.now.plus(StreamTokens.LIFETIME);
        for (int i = 0; i < 3; i++) {
            tokens.issue(large);
        }
    }

    private static final class MovableClock extends Clock {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
