package io.carpel.runtime.spec;

/// Makes a value from a request fit for a message or a log line.
public final class Printable {
    private static final int LIMIT = 200;

    private Printable() {}

    /// The value with control characters escaped, cut after 200 characters.
    public static String of(String value) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < value.length() && i < LIMIT; i++) {
            char c = value.charAt(i);
            if (c < ' ' || c == 0x7f) {
                out.append("\\x%02x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        return value.length() > LIMIT ? out.append("…").toString() : out.toString();
    }
}
