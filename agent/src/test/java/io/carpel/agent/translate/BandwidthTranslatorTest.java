package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Bandwidth;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BandwidthTranslatorTest {
    private static final String INGRESS = "kubernetes.io/ingress-bandwidth";
    private static final String EGRESS = "kubernetes.io/egress-bandwidth";
    private static final long BURST = 4_294_967_295L;

    private static Optional<Bandwidth> translate(PodSandboxConfig.Builder config) {
        return Requests.sandboxes().toSpec(Requests.SANDBOX_ID, config.build(), "").bandwidth();
    }

    private static PodSandboxConfig.Builder with(String name, String value) {
        return Requests.sandbox().putAnnotations(name, value);
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 1000",
        "1k, 1000",
        "10M, 10000000",
        "+10M, 10000000",
        "1.5M, 1500000",
        ".5G, 500000000",
        "2.G, 2000000000",
        "1Ki, 1024",
        "1.5Gi, 1610612736",
        "1e3, 1000",
        "1E6, 1000000",
        "1000000m, 1000",
        "1000000001m, 1000001",
        "1T, 1000000000000",
        "1P, 1000000000000000",
        "0.001E, 1000000000000000"
    })
    void quantitiesAreReadAsKubernetesWritesThem(String text, long bits) {
        assertThat(translate(with(INGRESS, text))).contains(new Bandwidth(bits, BURST, 0, 0));
        assertThat(translate(with(EGRESS, text))).contains(new Bandwidth(0, 0, bits, BURST));
    }

    @Test
    void bothDirectionsHaveTheirOwn() {
        assertThat(translate(with(INGRESS, "1M").putAnnotations(EGRESS, "2M")))
                .contains(new Bandwidth(1_000_000, BURST, 2_000_000, BURST));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "M",
                "10 M",
                " 10M",
                "10M\n",
                "10Mb",
                "10MB",
                "10K",
                "10mi",
                "10g",
                "1,5M",
                "1e",
                "1e1M",
                "12e-1k",
                "0x10",
                "ten",
                "1.2.3M",
                "++1M",
                "NaN",
                "\u0661M",
                "1e999999999",
                "99999999999999999999999999999999999999999"
            })
    void whatIsNoQuantityIsRefusedByNameAndValue(String text) {
        for (String name : new String[] {INGRESS, EGRESS}) {
            assertThatThrownBy(() -> translate(with(name, text)))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("annotation %s '".formatted(name))
                    .hasMessageContaining(text.strip())
                    .hasMessageContaining("is not a quantity");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0",
                "-1M",
                "999",
                "1m",
                "0.0009M",
                "1e-99",
                "1000001G",
                "1E",
                "2Pi",
                "9e99"
            })
    void whatIsTooSmallOrTooLargeIsRefused(String text) {
        assertThatThrownBy(() -> translate(with(EGRESS, text)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("annotation " + EGRESS + " '" + text + "'")
                .hasMessageContaining("1k…1P");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kubernetes.io/Ingress-bandwidth",
                "kubernetes.io/ingress-bandwidth ",
                "ingress-bandwidth",
                "x.kubernetes.io/ingress-bandwidth",
                "kubernetes.io/ingress-bandwidth.eth0",
                "bandwidth"
            })
    void noOtherNameCounts(String name) {
        assertThat(translate(with(name, "nonsense"))).isEmpty();
        assertThat(translate(Requests.sandbox().putLabels(INGRESS, "1M"))).isEmpty();
    }

    @Test
    void podsOfTheHostsNetworkHaveNone() {
        NamespaceOption.Builder host = NamespaceOption.newBuilder().setNetwork(NamespaceMode.NODE);
        assertThat(translate(Requests.sandbox(host).putAnnotations(INGRESS, "1M"))).isEmpty();
    }
}
