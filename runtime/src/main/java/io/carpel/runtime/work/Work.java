package io.carpel.runtime.work;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.lifecycle.Step;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A piece of work under way; whoever does it tells here what it is at. Thread-safe.
public final class Work {
    /// Longer than any step of a healthy host takes.
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Subject subject;
    private final String call;
    private final Clock clock;
    private final Instant begun;
    private final StepWatch watch;
    private final Optional<Work> around;
    private volatile Place place;
    private volatile StepWatch.Running running = StepWatch.Running.NONE;

    /// @param detail more about the step; empty when there is nothing to say
    private record Place(String step, String detail, Instant since, Duration patience) {
        String text() {
            return detail.isEmpty() ? step : step.isEmpty() ? detail : step + ": " + detail;
        }
    }

    /// @param around what this work is part of
    Work(Subject subject, String call, Clock clock, StepWatch watch, Optional<Work> around) {
        this.watch = watch;
        this.around = around;
        this.subject = subject;
        this.call = call;
        this.clock = clock;
        this.begun = clock.instant();
        this.place = new Place("begin", "", begun, PATIENCE);
    }

    /// A new step begins.
    public void at(String step) {
        at(step, PATIENCE);
    }

    /// A new step begins, of which it is known how long it may take.
    public void at(String step, Duration patience) {
        running.end(true);
        place = new Place(step, "", clock.instant(), patience);
        running =
                watch.begin(
                        subject,
                        step,
                        around.map(work -> work.running).orElse(StepWatch.Running.NONE));
    }

    /// Makes something step by step: each begins when the one before it has done its work.
    ///
    /// @throws ContainerRuntimeException of the step that failed, which it names
    public <C> void make(List<Step<C>> steps, C draft) {
        for (Step<C> next : steps) {
            at(next.name());
            try {
                next.work().run(draft);
            } catch (ContainerRuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw subject.failed(next.name(), e);
            }
        }
    }

    /// The step goes on with a part of it.
    ///
    /// @param name one of few on a host
    public void part(String name) {
        moved(name);
        running.part(name);
    }

    /// The step goes on with something that may hang by itself.
    public void detail(String what) {
        moved(what);
        running.detail(what);
    }

    private void moved(String what) {
        Place now = place;
        place = new Place(now.step(), what, clock.instant(), now.patience());
    }

    /// The last step is over.
    void end(boolean ok) {
        running.end(ok);
        running = StepWatch.Running.NONE;
    }

    WorkItem item() {
        Place now = place;
        return new WorkItem(subject, call, now.text(), begun, now.since(), now.patience());
    }
}
