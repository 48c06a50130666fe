package io.carpel.runtime.spec;

import java.nio.charset.StandardCharsets;

/// One environment variable; the value is bytes, since environments need not be UTF-8.
///
/// `toString` leaves the value out: environments hold secrets.
public record EnvVar(String name, byte[] value) {
    public static EnvVar of(String name, String value) {
        return new EnvVar(name, value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "EnvVar[" + name + "]";
    }
}
