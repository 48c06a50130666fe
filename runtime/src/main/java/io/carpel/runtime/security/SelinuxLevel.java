package io.carpel.runtime.security;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The last part of an SELinux label: a sensitivity with categories, or a range of two such.
///
/// @param categories of the upper end, which decides what may be reached
record SelinuxLevel(String text, BitSet categories) {
    static final int MAX_CATEGORY = 1023;

    private static final int MAX_SENSITIVITY = 15;

    // sensitivity[-sensitivity], each with categories c0…c1023 and their ranges.
    private static final Pattern LEVEL =
            Pattern.compile(
                    "s(\\d{1,2})(?::(CATS))?(?:-s(\\d{1,2})(?::(CATS))?)?"
                            .replace(
                                    "CATS",
                                    "(?:c\\d{1,4}(?:\\.c\\d{1,4})?,)*c\\d{1,4}(?:\\.c\\d{1,4})?"));

    /// @throws InvalidArgumentException when it is none
    static SelinuxLevel parse(String text) {
        Matcher matcher = LEVEL.matcher(text);
        if (!matcher.matches() || !inRange(matcher.group(1))) {
            throw wrong(text);
        }
        BitSet lower = categories(text, matcher.group(2));
        if (matcher.group(3) == null) {
            return new SelinuxLevel(text, lower);
        }
        if (!inRange(matcher.group(3))) {
            throw wrong(text);
        }
        return new SelinuxLevel(text, categories(text, matcher.group(4)));
    }

    /// Two categories at the lowest sensitivity.
    static SelinuxLevel pair(int one, int other) {
        BitSet both = new BitSet();
        both.set(one);
        both.set(other);
        return new SelinuxLevel(
                "s0:c%d,c%d".formatted(Math.min(one, other), Math.max(one, other)), both);
    }

    private static BitSet categories(String text, String list) {
        BitSet set = new BitSet();
        if (list == null) {
            return set;
        }
        for (String part : list.split(",", -1)) {
            int dot = part.indexOf('.');
            int first = Integer.parseInt(part.substring(1, dot < 0 ? part.length() : dot));
            int last = dot < 0 ? first : Integer.parseInt(part.substring(dot + 2));
            if (last > MAX_CATEGORY || first > last) {
                throw wrong(text);
            }
            set.set(first, last + 1);
        }
        return set;
    }

    private static boolean inRange(String sensitivity) {
        return Integer.parseInt(sensitivity) <= MAX_SENSITIVITY;
    }

    private static InvalidArgumentException wrong(String text) {
        return new InvalidArgumentException(
                "selinux level '%s' is not like s0 or s0:c1,c2".formatted(Printable.of(text)));
    }
}
