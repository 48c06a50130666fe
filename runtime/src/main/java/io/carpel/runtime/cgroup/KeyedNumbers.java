package io.carpel.runtime.cgroup;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A file of `key number` lines, such as `memory.stat`.
record KeyedNumbers(Map<String, Long> numbers) {
    static KeyedNumbers of(List<String> lines) {
        var numbers = new HashMap<String, Long>();
        for (String line : lines) {
            int space = line.indexOf(' ');
            if (space > 0) {
                CgroupDir.parse(line.substring(space + 1).strip())
                        .ifPresent(value -> numbers.put(line.substring(0, space), value));
            }
        }
        return new KeyedNumbers(numbers);
    }

    /// 0 when the file has no such line.
    long get(String key) {
        return numbers.getOrDefault(key, 0L);
    }
}
