package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Patterns of names that collectors leave alone: exact, or with `*` at the beginning or the end.
final class PinnedNames {
    private final List<String> patterns = new ArrayList<>();

    PinnedNames(List<String> configured) {
        for (String pattern : configured) {
            int star = pattern.indexOf('*', 1);
            if (star >= 0 && star < pattern.length() - 1) {
                throw new InvalidArgumentException(
                        "pinned image '%s': a '*' stands only at the beginning or the end"
                                .formatted(Printable.of(pattern)));
            }
            patterns.add(pattern.indexOf('*') >= 0 ? pattern : normal(pattern));
        }
    }

    private static String normal(String name) {
        try {
            return ImageReference.parse(name).canonical();
        } catch (InvalidArgumentException e) {
            throw new InvalidArgumentException("pinned image: " + e.getMessage(), e);
        }
    }

    boolean matches(Collection<String> names) {
        return names.stream().anyMatch(name -> patterns.stream().anyMatch(p -> matches(p, name)));
    }

    private static boolean matches(String pattern, String name) {
        boolean open = pattern.startsWith("*");
        boolean ends = pattern.endsWith("*");
        if (open && ends) {
            return pattern.length() < 2
                    || name.contains(pattern.substring(1, pattern.length() - 1));
        }
        if (open) {
            return name.endsWith(pattern.substring(1));
        }
        if (ends) {
            return name.startsWith(pattern.substring(0, pattern.length() - 1));
        }
        return name.equals(pattern);
    }
}
