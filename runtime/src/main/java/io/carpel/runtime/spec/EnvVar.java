package io.carpel.runtime.spec;

/// One environment variable; the value is bytes, since environments need not be UTF-8.
///
/// `toString` leaves the value out: environments hold secrets.
public record EnvVar(String name, Bytes value) {
    public static EnvVar of(String name, String value) {
        return new EnvVar(name, Bytes.utf8(value));
    }

    @Override
    public String toString() {
        return "EnvVar[" + name + "]";
    }
}
