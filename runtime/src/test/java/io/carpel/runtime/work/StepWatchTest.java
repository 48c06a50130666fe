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
                    (subject, step, around) -> {
                        String within = around instanceof Heard outer ? " in " + outer.step : "";
                        heard.add("begin " + subject.id() + " " + step + within);
                        return new Heard(step);
                    });

    private final class Heard implements StepWatch.Running {
        private final String step;

        Heard(String step) {
            this.step = step;
        }

        @Override
        public void end(boolean ok) {
            heard.add("end " + step + " " + ok);
        }

        @Override
        public void part(String name) {
            heard.add(step + " part " + name);
        }

        @Override
        public void detail(String what) {
            heard.add(step + " detail " + what);
        }
    }

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
    void partsAndDetailsAreHeardOf() {
        WorkBoard.part("nobody's");
        board.run(
                Subject.sandbox("s"),
                "run",
                work -> {
                    work.at("attach");
                    WorkBoard.part("plugin a");
                    work.detail("host path /x");
                    assertThat(board.list().getFirst().step()).isEqualTo("attach: host path /x");
                });
        assertThat(heard)
                .containsExactly(
                        "begin s attach",
                        "attach part plugin a",
                        "attach detail host path /x",
                        "end attach true");
    }

    @Test
    void workThatIsPartOfOtherWorkIsToldInWhichStep() {
        board.run(
                Subject.sandbox("s"),
                "stop",
                work -> {
                    work.at("stop its containers");
                    Thread other =
                            Thread.ofVirtual()
                                    .start(
                                            WorkBoard.carried(() ->
                                                    board.run(
                                                            Subject.container("s", "c"),
                                                            "stop",
                                                            inner -> inner.at("kill"))));
                    join(other);
                });
        WorkBoard.carried(() -> heard.add("alone")).run();
        assertThat(heard)
                .containsExactly(
                        "begin s stop its containers",
                        "begin c kill in stop its containers",
                        "end kill true",
                        "end stop its containers true",
                        "alone");
    }

    private static void join(Thread thread) {
        try {
            assertThat(thread.join(java.time.Duration.ofSeconds(10))).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void stepsThatNameLayersOrCommandsAreNotHeardOf() {
        board.run(Subject.image("a:1"), "pull", work -> work.at("download layer 17"));
        board.run(Subject.container("s", "c"), WorkBoard.EXEC, work -> work.at("start command x"));
        assertThat(heard).isEmpty();
    }
}
