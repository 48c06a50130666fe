package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class KeyedNumbersTest {
    @Test
    void findsWholeKeysOnly() {
        KeyedNumbers numbers = KeyedNumbers.of("inactive_file 7\nfile 5\nfile_mapped 3\n\nanon 9");
        assertThat(numbers.get("file")).isEqualTo(5);
        assertThat(numbers.get("file_mapped")).isEqualTo(3);
        assertThat(numbers.get("inactive_file")).isEqualTo(7);
        assertThat(numbers.get("anon")).isEqualTo(9);
        assertThat(numbers.get("active_file")).isZero();
        assertThat(numbers.get("fil")).isZero();
    }

    @Test
    void takesWhatIsNoNumberForNothing() {
        KeyedNumbers numbers = KeyedNumbers.of("limit max\nodd x1\nlate");
        assertThat(numbers.get("limit")).isZero();
        assertThat(numbers.get("odd")).isZero();
        assertThat(numbers.get("late")).isZero();
        assertThat(KeyedNumbers.of("").get("any")).isZero();
    }

    @Test
    void hasRoomForAnyNumberOfLines() {
        String text =
                IntStream.range(0, 500)
                        .mapToObj(n -> "key" + n + " " + n)
                        .collect(Collectors.joining("\n"));
        assertThat(KeyedNumbers.of(text).get("key499")).isEqualTo(499);
    }
}
