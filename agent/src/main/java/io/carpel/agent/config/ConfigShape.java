package io.carpel.agent.config;

import java.util.List;

/// How a value looks in a file, for those who check it without the agent: the chart's schema. The
/// agent itself is stricter, for instance about the range of a number in a string.
public sealed interface ConfigShape {
    /// A string.
    ///
    /// @param pattern that the whole of it matches, in what Java and RE2 have in common
    record Text(String pattern) implements ConfigShape {}

    /// One of these words.
    record Word(List<String> words) implements ConfigShape {
        public Word {
            words = List.copyOf(words);
        }
    }

    /// A whole number.
    record Whole(long low, long high) implements ConfigShape {}

    /// A number from 0 to 1.
    record Share() implements ConfigShape {}

    /// `true` or `false`.
    record Flag() implements ConfigShape {}

    /// A number of bytes, or a string with a unit.
    ///
    /// @param pattern of the string
    record Size(String pattern) implements ConfigShape {}

    /// A list of such.
    record Items(ConfigShape element) implements ConfigShape {}
}
