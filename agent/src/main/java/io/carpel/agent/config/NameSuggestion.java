package io.carpel.agent.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Finds the name that was probably meant.
public final class NameSuggestion {
    private NameSuggestion() {}

    /// The nearest of `names`, when it is near enough to be worth saying.
    public static Optional<String> nearest(String wrong, Collection<String> names) {
        int bound = Math.max(2, wrong.length() / 3);
        return names.stream()
                .filter(name -> distance(wrong, name) <= bound)
                .min(Comparator.comparingInt(name -> distance(wrong, name)));
    }

    /// The end of an error message: `, did you mean X?` or nothing.
    public static String hint(String wrong, Collection<String> names) {
        return nearest(wrong, names).map(name -> ", did you mean '" + name + "'?").orElse("");
    }

    private static int distance(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int substitution = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitution, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[right.length()];
    }
}
