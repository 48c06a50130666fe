package io.carpel.agent.translate;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Bandwidth;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The two annotations by which a pod asks for limits of its traffic. Only these very names count,
/// and only a network that declares the capability `bandwidth` is told.
final class BandwidthTranslator {
    private static final String INGRESS = "kubernetes.io/ingress-bandwidth";
    private static final String EGRESS = "kubernetes.io/egress-bandwidth";

    /// How Kubernetes writes quantities: a decimal number, and a suffix or an exponent. The bounds
    /// are above everything that is accepted in the end.
    private static final Pattern QUANTITY =
            Pattern.compile(
                    "([+-]?(?:[0-9]{1,32}(?:\\.[0-9]{0,32})?|\\.[0-9]{1,32}))"
                            + "(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?|[eE]([+-]?[0-9]{1,2}))");

    private static final String DECIMAL = "num kMGTPE";
    private static final String BINARY = "KMGTPE";

    private static final BigDecimal LEAST = BigDecimal.valueOf(1_000);
    private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000_000_000_000L);

    /// Bits that may go at once: nearly all that the usual plugin, which thinks in bytes, takes.
    private static final long BURST = 0xffff_ffffL;

    private BandwidthTranslator() {}

    /// @throws InvalidArgumentException naming the annotation and its value
    static Optional<Bandwidth> of(Map<String, String> annotations) {
        Optional<Long> ingress = rate(annotations, INGRESS);
        Optional<Long> egress = rate(annotations, EGRESS);
        if (ingress.isEmpty() && egress.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new Bandwidth(
                        ingress.orElse(0L),
                        ingress.isPresent() ? BURST : 0,
                        egress.orElse(0L),
                        egress.isPresent() ? BURST : 0));
    }

    private static Optional<Long> rate(Map<String, String> annotations, String name) {
        String text = annotations.get(name);
        if (text == null) {
            return Optional.empty();
        }
        Matcher matcher = QUANTITY.matcher(text);
        if (!matcher.matches()) {
            throw invalid(name, text, "is not a quantity like 10M or 1.5Gi");
        }
        BigDecimal number = scaled(matcher);
        // Quantities are whole bits in the end, rounded away from zero.
        BigDecimal bits = number.setScale(0, RoundingMode.UP);
        if (bits.compareTo(LEAST) < 0 || bits.compareTo(MOST) > 0) {
            throw invalid(name, text, "is not in 1k…1P bits per second");
        }
        return Optional.of(bits.longValueExact());
    }

    private static BigDecimal scaled(Matcher quantity) {
        BigDecimal number = new BigDecimal(quantity.group(1));
        String exponent = quantity.group(3);
        if (exponent != null) {
            return number.scaleByPowerOfTen(Integer.parseInt(exponent));
        }
        String suffix = quantity.group(2);
        if (suffix == null) {
            return number;
        }
        char unit = suffix.charAt(0);
        if (suffix.length() == 2) {
            return number.multiply(BigDecimal.TWO.pow(10 * (1 + BINARY.indexOf(unit))));
        }
        return number.scaleByPowerOfTen(3 * (DECIMAL.indexOf(unit) - DECIMAL.indexOf(' ')));
    }

    private static InvalidArgumentException invalid(String name, String value, String why) {
        return Check.invalid("annotation " + name, value, why);
    }
}
