package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ObjectTableTest {
    private final ObjectTable<String> table = new ObjectTable<>(Comparator.<String>reverseOrder());

    @Test
    void findsByIdAndByUniqueBeginning() {
        table.put("abc1", "one");
        table.put("abd2", "two");
        assertThat(table.find("abc1")).contains("one");
        assertThat(table.find("abd")).contains("two");
        assertThat(table.find("x")).isEmpty();
        assertThat(table.find("")).isEmpty();
        assertThatThrownBy(() -> table.find("ab"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'ab' is not unique");
    }

    @Test
    void anExactIdWinsOverALongerOne() {
        table.put("abc", "short");
        table.put("abcd", "long");
        assertThat(table.find("abc")).contains("short");
    }

    @Test
    void listsInOrder() {
        table.put("1", "a");
        table.put("2", "b");
        assertThat(table.list()).containsExactly("b", "a");
        assertThat(table.remove("2")).contains("b");
        assertThat(table.update("2", s -> s + "!")).isEqualTo(Optional.empty());
        assertThat(table.update("1", s -> s + "!")).contains("a!");
    }

    @Test
    void timesOfCreationIncreaseThoughTheClockStandsStill() {
        Clock stopped = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
        CreationClock creation = new CreationClock(stopped);
        creation.observe(Instant.parse("2026-06-01T00:00:00Z"));
        List<Instant> times = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            times.add(creation.next());
        }
        assertThat(times).isSorted().doesNotHaveDuplicates();
        assertThat(times.getFirst()).isAfter(Instant.parse("2026-06-01T00:00:00Z"));
    }

    @Test
    void oneFailingListenerDoesNotHarmTheOthers() {
        Announcer<String> announcer = new Announcer<>();
        List<String> heard = new ArrayList<>();
        announcer.subscribe(s -> {
            throw new IllegalStateException(s);
        });
        Announcer.Subscription second = announcer.subscribe(heard::add);
        announcer.announce("a");
        second.close();
        announcer.announce("b");
        assertThat(heard).containsExactly("a");
    }
}
