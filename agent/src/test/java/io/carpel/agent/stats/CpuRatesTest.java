package io.carpel.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class CpuRatesTest {
    private static final Instant START = Instant.ofEpochSecond(1000);

    private final CpuRates rates = new CpuRates();

    @Test
    void aRateNeedsTwoSamples() {
        assertThat(rates.rate("a", START, 5_000_000_000L)).isEmpty();
        assertThat(rates.rate("a", START.plusSeconds(10), 10_000_000_000L)).hasValue(500_000_000L);
        assertThat(rates.rate("b", START, 1)).isEmpty();
    }

    @Test
    void aShortWindowKeepsTheLastRate() {
        rates.rate("a", START, 0);
        rates.rate("a", START.plusSeconds(1), 1_000_000_000L);
        assertThat(rates.rate("a", START.plusMillis(1001), 9_000_000_000L))
                .hasValue(1_000_000_000L);
        assertThat(rates.rate("a", START.plusSeconds(2), 1_500_000_000L)).hasValue(500_000_000L);
    }

    @Test
    void aCounterThatFellStartsAnew() {
        rates.rate("a", START, 100);
        assertThat(rates.rate("a", START.plusSeconds(1), 50)).isEmpty();
        assertThat(rates.rate("a", START.plusSeconds(2), 1050)).hasValue(1000);
    }

    @Test
    void aClockSetBackCostsOneSampleOnly() {
        rates.rate("a", START, 0);
        rates.rate("a", START.plusSeconds(1), 100);
        assertThat(rates.rate("a", START.minusSeconds(3600), 200)).hasValue(100);
        assertThat(rates.rate("a", START.minusSeconds(3599), 700)).hasValue(500);
    }

    @Test
    void aForgottenOneStartsAnew() {
        rates.rate("a", START, 100);
        rates.forget("a");
        assertThat(rates.rate("a", START.plusSeconds(1), 200)).isEmpty();
    }
}
