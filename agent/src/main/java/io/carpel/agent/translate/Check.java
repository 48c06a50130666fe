package io.carpel.agent.translate;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/// The checks that fields of requests share. Every failure names the field and shows its value.
final class Check {
    private Check() {}

    static InvalidArgumentException invalid(String field, Object value, String why) {
        return new InvalidArgumentException(
                "%s '%s' %s".formatted(field, Printable.of(String.valueOf(value)), why));
    }

    /// At most `limit` items.
    static void count(String field, int size, int limit) {
        if (size > limit) {
            throw new InvalidArgumentException(
                    "%s has %d items, at most %d are accepted".formatted(field, size, limit));
        }
    }

    /// Refuses control characters: a line feed in a value becomes a line in some file, a zero ends
    /// a string early in the kernel.
    static String text(String field, String value) {
        if (value.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw invalid(field, value, "holds a control character");
        }
        return value;
    }

    /// Non-empty, without control characters, of bounded length.
    static String name(String field, String value) {
        if (value.isEmpty()) {
            throw new InvalidArgumentException(field + " is empty");
        }
        if (value.length() > Bounds.NAME_BYTES) {
            throw invalid(
                    field, value, "is longer than %d characters".formatted(Bounds.NAME_BYTES));
        }
        return text(field, value);
    }

    /// An absolute path without `..`, of a length the kernel takes.
    static String absolutePath(String field, String value) {
        if (value.isEmpty()) {
            throw new InvalidArgumentException(field + " is empty");
        }
        if (!value.startsWith("/")) {
            throw invalid(field, value, "is not an absolute path");
        }
        return path(field, value);
    }

    /// A path without `..` that does not begin at the root.
    static String relativePath(String field, String value) {
        if (value.startsWith("/")) {
            throw invalid(field, value, "is an absolute path, wanted a relative one");
        }
        return path(field, value);
    }

    private static String path(String field, String value) {
        text(field, value);
        if (value.getBytes(StandardCharsets.UTF_8).length > Bounds.PATH_BYTES) {
            throw invalid(field, value, "is longer than %d bytes".formatted(Bounds.PATH_BYTES));
        }
        if (List.of(value.split("/")).contains("..")) {
            throw invalid(field, value, "contains '..'");
        }
        return value;
    }

    static List<String> absolutePaths(String field, Collection<String> values) {
        count(field, values.size(), Bounds.PATHS);
        values.forEach(value -> absolutePath(field, value));
        return List.copyOf(values);
    }

    /// A user or group id: the kernel knows 2^32−1 of them, and names end where numbers begin, so
    /// that what does not fit is an error and never taken for a name.
    static long id(String field, long value) {
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw invalid(field, value, "is not in 0…2147483647");
        }
        return value;
    }

    static List<Long> groups(String field, Collection<Long> values) {
        count(field, values.size(), Bounds.GROUPS);
        values.forEach(value -> id(field, value));
        return List.copyOf(values);
    }
}
