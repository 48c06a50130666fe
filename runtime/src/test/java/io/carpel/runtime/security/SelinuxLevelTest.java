package io.carpel.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SelinuxLevelTest {
    @ParameterizedTest
    @ValueSource(strings = {"s0", "s0:c1,c2", "s0-s15:c0.c1023", "s0:c1.c5,c9", "s0:c1-s1:c1,c2"})
    void readsWhatIsOne(String text) {
        assertThat(SelinuxLevel.parse(text).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "s",
                "s16",
                "s0-s16",
                "s0:c1024",
                "x",
                "s0:",
                "s0:c1,",
                "s0\n",
                "s0:c1:c2",
                "s0:c5.c1",
                "s0,c4,c5",
                "s0:c1..c2",
                "s0:c-1",
                "s0-",
                "s00000",
                "s0:c99999",
                "s0 "
            })
    void refusesWhatIsNone(String text) {
        assertThatThrownBy(() -> SelinuxLevel.parse(text))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void knowsTheCategoriesOfTheUpperEnd() {
        assertThat(SelinuxLevel.parse("s0").categories().isEmpty()).isTrue();
        assertThat(SelinuxLevel.parse("s0:c1.c3,c9").categories()).hasToString("{1, 2, 3, 9}");
        assertThat(SelinuxLevel.parse("s0:c1-s0:c1,c2").categories()).hasToString("{1, 2}");
        assertThat(SelinuxLevel.parse("s0-s0:c0.c1023").categories().cardinality()).isEqualTo(1024);
    }

    @Test
    void aPairIsInOrder() {
        assertThat(SelinuxLevel.pair(7, 3)).isEqualTo(SelinuxLevel.parse("s0:c3,c7"));
    }
}
