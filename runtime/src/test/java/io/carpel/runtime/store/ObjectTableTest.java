package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ObjectTableTest {
    private final ObjectTable<Thing, String> table =
            new ObjectTable<>("thing", Thing::id, Comparator.comparing(Thing::id).reversed());

    private record Thing(String id) {}

    private Thing publish(String id) {
        Thing thing = new Thing(id);
        table.publish(thing);
        return thing;
    }

    @Test
    void findsByIdAndByUniqueBeginning() {
        Thing one = publish("abc1");
        Thing two = publish("abd2");
        assertThat(table.find("abc1")).contains(one);
        assertThat(table.find("abd")).contains(two);
        assertThat(table.find("x")).isEmpty();
        assertThat(table.find("")).isEmpty();
        assertThatThrownBy(() -> table.find("ab"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'ab' is not unique");
    }

    @Test
    void anExactIdWinsOverALongerOne() {
        Thing shorter = publish("abc");
        publish("abcd");
        assertThat(table.find("abc")).contains(shorter);
    }

    @Test
    void listsInOrderAndNamesWhatIsNotThere() {
        Thing one = publish("1");
        Thing two = publish("2");
        assertThat(table.list()).containsExactly(two, one);
        assertThat(table.remove("2")).contains(two);
        assertThat(table.exists("2")).isFalse();
        assertThatThrownBy(() -> table.get("2"))
                .isInstanceOf(NotFoundException.class)
                .hasMessage("thing 2 does not exist");
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
