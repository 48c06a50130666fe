package io.carpel.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.work.Subject;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TelemetryTest {
    private final List<String> heard = new ArrayList<>();

    private Telemetry listener(String name) {
        return new Telemetry(
                new CallObserver() {
                    @Override
                    public void finished(String method, Status.Code code, Duration duration) {
                        heard.add(name + " " + method + " " + code);
                    }

                    @Override
                    public Observed began(String method) {
                        return new Observed() {
                            @Override
                            public void finished(Status.Code code, Duration duration) {
                                heard.add(name + " " + method + " " + code);
                            }

                            @Override
                            public void work(Runnable work) {
                                heard.add(name + " in");
                                work.run();
                                heard.add(name + " out");
                            }
                        };
                    }
                },
                (subject, step) -> {
                    heard.add(name + " begins " + subject.id() + " " + step);
                    return ok -> heard.add(name + " ends " + ok);
                });
    }

    @Test
    void everyListenerHearsAndTheWorkRunsOnceInsideOfAll() {
        Telemetry both = Telemetry.of(List.of(listener("a"), listener("b")));
        var call = both.calls().began("S/M");
        call.work(() -> heard.add("work"));
        call.finished(Status.Code.OK, Duration.ZERO);
        assertThat(heard)
                .containsExactly("b in", "a in", "work", "a out", "b out", "a S/M OK", "b S/M OK");
    }

    @Test
    void stepsEndInReverse() {
        Telemetry.of(List.of(listener("a"), listener("b")))
                .steps()
                .begin(Subject.sandbox("1"), "x")
                .end(true);
        assertThat(heard)
                .containsExactly("a begins 1 x", "b begins 1 x", "b ends true", "a ends true");
    }

    @Test
    void nobodyHearsWithoutHarm() {
        Telemetry none = Telemetry.of(List.of());
        none.calls().began("S/M").work(() -> heard.add("work"));
        none.steps().begin(Subject.sandbox("1"), "x").end(true);
        assertThat(heard).containsExactly("work");
    }
}
