package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.ContainerState.Created;
import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.container.ContainerState.Running;
import io.carpel.runtime.container.ContainerState.Unknown;
import io.carpel.runtime.error.FailedPreconditionException;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TransitionsTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant END = START.plusSeconds(5);
    private static final Exited EXITED = new Exited(3, "Error", "", Optional.of(START), END);

    @Test
    void onlyACreatedOneStarts() {
        assertThat(Transitions.onStarted("c", new Created(7), START))
                .isEqualTo(new Running(7, START));
        for (ContainerState state :
                new ContainerState[] {new Running(7, START), EXITED, new Unknown("?")}) {
            assertThatThrownBy(() -> Transitions.onStarted("c", state, END))
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessageContaining("container c is " + Transitions.describe(state));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0,false,Completed",
        "0,true,Completed",
        "1,false,Error",
        "143,false,Error",
        "137,false,Error",
        "137,true,OOMKilled"
    })
    void tellsWhyItEnded(int code, boolean oom, String reason) {
        assertThat(Transitions.onExited(new Running(7, START), code, oom, END))
                .isEqualTo(new Exited(code, reason, "", Optional.of(START), END));
    }

    @Test
    void neverFinishesBeforeItStarted() {
        ContainerState state = Transitions.onExited(new Running(7, END), 0, false, START);
        assertThat(state).isEqualTo(new Exited(0, "Completed", "", Optional.of(END), END));
    }

    @Test
    void oneThatNeverRanHasNoStart() {
        assertThat(Transitions.onExited(new Created(7), 137, false, END))
                .isEqualTo(new Exited(137, "Error", "", Optional.empty(), END));
    }

    @Test
    void aFailedStartIsAnExitOfItsOwnKind() {
        assertThat(Transitions.onStartFailed(new Created(7), "no such file", END))
                .isEqualTo(new Exited(128, "StartError", "no such file", Optional.empty(), END));
    }

    @Test
    void anEndIsFinal() {
        assertThat(Transitions.onExited(EXITED, 9, true, END.plusSeconds(1))).isSameAs(EXITED);
        assertThat(Transitions.onStartFailed(EXITED, "x", END)).isSameAs(EXITED);
        assertThat(Transitions.onLost(EXITED, "x")).isSameAs(EXITED);
        assertThat(Transitions.onLost(new Running(7, START), "x")).isEqualTo(new Unknown("x"));
    }
}
