package io.carpel.runtime.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepWatchTest {
    private final List<String> heard = new ArrayList<>();
    private final WorkBoard board =
            new WorkBoard(
                    Clock.systemUTC(),
                    (subject, step) -> {
                        heard.add("begin " + subject.id() + " " + step);
                        return ok -> heard.add("end " + step + " " + ok);
                    });

    @Test
    void aStepEndsWhereTheNextBegins() {
        board.run(
                Subject.sandbox("s"),
                "run",
                work -> {
                    work.at("first");
                    work.at("second");
                });
        assertThat(heard)
                .containsExactly(
                        "begin s first", "end first true", "begin s second", "end second true");
    }

    @Test
    void onlyTheLastStepOfWorkThatFailsHasFailed() {
        assertThatThrownBy(() ->
                        board.run(
                                Subject.container("s", "c"),
                                "create",
                                work -> {
                                    work.at("first");
                                    work.at("second");
                                    throw new IllegalStateException("no");
                                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(heard)
                .containsExactly(
                        "begin c first", "end first true", "begin c second", "end second false");
    }

    @Test
    void stepsThatNameLayersOrCommandsAreNotHeardOf() {
        board.run(Subject.image("a:1"), "pull", work -> work.at("download layer 17"));
        board.run(Subject.container("s", "c"), WorkBoard.EXEC, work -> work.at("start command x"));
        assertThat(heard).isEmpty();
    }
}
