package io.carpel.agent.metrics;

import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.Subject;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Hands calls, steps and pulls to several listeners.
///
/// @param calls hears of calls
/// @param steps hears of launch steps
/// @param pulls hears of transfers from registries
public record Telemetry(CallObserver calls, StepWatch steps, PullWatch pulls) {
    /// Everything that somebody listens with, as one.
    public static Telemetry of(List<Telemetry> parts) {
        return new Telemetry(
                new AllCalls(parts.stream().map(Telemetry::calls).toList()),
                new AllSteps(parts.stream().map(Telemetry::steps).toList()),
                new AllPulls(parts.stream().map(Telemetry::pulls).toList()));
    }

    private record AllCalls(List<CallObserver> each) implements CallObserver {
        @Override
        public void finished(String method, Status.Code code, Duration duration) {
            each.forEach(observer -> observer.finished(method, code, duration));
        }

        @Override
        public Observed began(String method, Metadata headers) {
            return new AllObserved(
                    each.stream().map(observer -> observer.began(method, headers)).toList());
        }
    }

    private record AllObserved(List<CallObserver.Observed> each) implements CallObserver.Observed {
        @Override
        public void finished(Status status, Duration duration) {
            each.forEach(observed -> observed.finished(status, duration));
        }

        @Override
        public boolean asksAbout() {
            for (CallObserver.Observed observed : each) {
                if (observed.asksAbout()) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void about(Map<String, String> fields) {
            each.forEach(observed -> observed.about(fields));
        }

        @Override
        public void work(Runnable work) {
            Runnable wrapped = work;
            for (CallObserver.Observed observed : each) {
                Runnable inner = wrapped;
                wrapped = () -> observed.work(inner);
            }
            wrapped.run();
        }
    }

    private record AllSteps(List<StepWatch> each) implements StepWatch {
        @Override
        public Running begin(Subject subject, String step, Running around) {
            List<Running> running = new ArrayList<>(each.size());
            for (int i = 0; i < each.size(); i++) {
                // Each listener knows only what it said itself.
                Running own = around instanceof AllRunning all ? all.each().get(i) : Running.NONE;
                running.add(each.get(i).begin(subject, step, own));
            }
            return new AllRunning(running);
        }
    }

    private record AllRunning(List<StepWatch.Running> each) implements StepWatch.Running {
        @Override
        public void end(boolean ok) {
            each.reversed().forEach(running -> running.end(ok));
        }

        @Override
        public void part(String name) {
            each.forEach(running -> running.part(name));
        }

        @Override
        public void detail(String what) {
            each.forEach(running -> running.detail(what));
        }
    }

    private record AllPulls(List<PullWatch> each) implements PullWatch {
        @Override
        public Watched begin(String reference) {
            List<Watched> watched = each.stream().map(watch -> watch.begin(reference)).toList();
            return new Watched(
                    event -> watched.forEach(one -> one.progress().on(event)),
                    ok -> watched.forEach(one -> one.end().of(ok)));
        }
    }
}
