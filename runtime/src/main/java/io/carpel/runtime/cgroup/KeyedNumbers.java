package io.carpel.runtime.cgroup;

import java.util.Arrays;

/// A file of `key number` lines, such as `memory.stat`. Most of its lines are asked for by nobody,
/// so a line is only told apart when it is read, and never made into objects.
final class KeyedNumbers {
    private final String text;
    private int[] lines = new int[64];
    private int count;

    private KeyedNumbers(String text) {
        this.text = text;
        for (int at = 0; at < text.length(); at = end(at) + 1) {
            if (count == lines.length) {
                lines = Arrays.copyOf(lines, 2 * count);
            }
            lines[count++] = at;
        }
    }

    static KeyedNumbers of(String text) {
        return new KeyedNumbers(text);
    }

    private int end(int from) {
        int end = text.indexOf('\n', from);
        return end < 0 ? text.length() : end;
    }

    /// 0 when the file has no such line.
    long get(String key) {
        for (int line = 0; line < count; line++) {
            int from = lines[line];
            int value = from + key.length();
            if (value < text.length() && text.charAt(value) == ' ' && text.startsWith(key, from)) {
                return CgroupDir.parse(text.substring(value, end(value)).strip()).orElse(0);
            }
        }
        return 0;
    }
}
