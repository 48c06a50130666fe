package io.carpel.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.Subject;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
                    public Observed began(String method, Metadata headers) {
                        return new Observed() {
                            @Override
                            public void finished(Status status, Duration duration) {
                                heard.add(name + " " + method + " " + status.getCode());
                            }

                            @Override
                            public boolean asksAbout() {
                                return name.equals("b");
                            }

                            @Override
                            public void about(Map<String, String> fields) {
                                heard.add(name + " about " + fields);
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
                (subject, step, around) -> {
                    String within = around instanceof Step outer ? " in " + outer.name() : "";
                    heard.add(name + " begins " + subject.id() + " " + step + within);
                    return new Step(name + " " + step, heard);
                },
                reference -> {
                    heard.add(name + " pulls " + reference);
                    return new PullWatch.Watched(
                            event -> heard.add(name + " hears " + event),
                            ok -> heard.add(name + " pulled " + ok));
                });
    }

    private record Step(String name, List<String> heard) implements StepWatch.Running {
        @Override
        public void end(boolean ok) {
            heard.add(name + " ends " + ok);
        }

        @Override
        public void part(String part) {
            heard.add(name + " at " + part);
        }
    }

    @Test
    void everyListenerHearsAndTheWorkRunsOnceInsideOfAll() {
        Telemetry both = Telemetry.of(List.of(listener("a"), listener("b")));
        var call = both.calls().began("S/M", new Metadata());
        call.work(() -> heard.add("work"));
        call.finished(Status.OK, Duration.ZERO);
        assertThat(heard)
                .containsExactly("b in", "a in", "work", "a out", "b out", "a S/M OK", "b S/M OK");
    }

    @Test
    void whoeverAsksIsToldWhatACallIsAbout() {
        assertThat(begun(listener("a")).asksAbout()).isFalse();
        var both = begun(listener("a"), listener("b"));
        assertThat(both.asksAbout()).isTrue();
        both.about(Map.of("pod_name", "x"));
        assertThat(heard).containsExactly("a about {pod_name=x}", "b about {pod_name=x}");
    }

    private static CallObserver.Observed begun(Telemetry... listeners) {
        return Telemetry.of(List.of(listeners)).calls().began("S/M", new Metadata());
    }

    @Test
    void stepsEndInReverse() {
        var step =
                Telemetry.of(List.of(listener("a"), listener("b")))
                        .steps()
                        .begin(Subject.sandbox("1"), "x", StepWatch.Running.NONE);
        step.part("p");
        step.end(true);
        assertThat(heard)
                .containsExactly(
                        "a begins 1 x",
                        "b begins 1 x",
                        "a x at p",
                        "b x at p",
                        "b x ends true",
                        "a x ends true");
    }

    @Test
    void eachListenerIsToldOfItsOwnStepAroundAnother() {
        StepWatch steps = Telemetry.of(List.of(listener("a"), listener("b"))).steps();
        var outer = steps.begin(Subject.sandbox("1"), "x", StepWatch.Running.NONE);
        heard.clear();
        steps.begin(Subject.container("1", "2"), "y", outer);
        assertThat(heard).containsExactly("a begins 2 y in a x", "b begins 2 y in b x");
    }

    @Test
    void pullsAreHeardOfByAll() {
        var pull = Telemetry.of(List.of(listener("a"), listener("b"))).pulls().begin("r:1");
        pull.progress().on(new PullProgress.Event.Present("l"));
        pull.end().of(false);
        assertThat(heard)
                .containsExactly(
                        "a pulls r:1",
                        "b pulls r:1",
                        "a hears Present[layer=l]",
                        "b hears Present[layer=l]",
                        "a pulled false",
                        "b pulled false");
    }

    @Test
    void nobodyHearsWithoutHarm() {
        Telemetry none = Telemetry.of(List.of());
        none.calls().began("S/M", new Metadata()).work(() -> heard.add("work"));
        none.steps().begin(Subject.sandbox("1"), "x", StepWatch.Running.NONE).end(true);
        assertThat(heard).containsExactly("work");
    }
}
