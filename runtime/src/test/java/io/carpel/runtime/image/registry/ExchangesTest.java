package io.carpel.runtime.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ExchangesTest {
    private static final Endpoint REGISTRY = new Endpoint("registry.test", "app", false, false);

    private static long clients() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("HttpClient-\\d+-SelectorManager"))
                .count();
    }

    /// A registry may name another host with each redirect.
    @Test
    void manyHostsCostNoMoreThanOne() {
        RegistrySettings settings =
                RegistrySettings.defaults().withStallTimeout(Duration.ofSeconds(5));
        long before = clients();
        try (Exchanges exchanges = new Exchanges(settings)) {
            for (int host = 1; host <= 20; host++) {
                URI closed = URI.create("https://127.0.0.%d:1/".formatted(host));
                assertThatThrownBy(() ->
                                exchanges.send(
                                        REGISTRY,
                                        closed,
                                        Map.of(),
                                        Optional.empty(),
                                        Interruption.NEVER))
                        .isInstanceOf(IOException.class);
            }
            assertThat(clients() - before).isEqualTo(1);
        }
    }
}
