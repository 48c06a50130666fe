package io.carpel.agent.pod;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.function.Supplier;

/// Ids of 64 lower-case hexadecimal digits; two are never equal.
public final class RandomIds implements Supplier<String> {
    private static final int BYTES = 32;

    private final SecureRandom random = new SecureRandom();

    @Override
    public String get() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
