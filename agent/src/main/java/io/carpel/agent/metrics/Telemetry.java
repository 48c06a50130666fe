package io.carpel.agent.metrics;

import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.work.StepWatch;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;

/// Hands calls and steps to several listeners.
///
/// @param calls hears of calls
/// @param steps hears of launch steps
public record Telemetry(CallObserver calls, StepWatch steps) {
    /// Everything that somebody listens with, as one.
    public static Telemetry of(List<Telemetry> parts) {
        List<CallObserver> calls = parts.stream().map(Telemetry::calls).toList();
        List<StepWatch> steps = parts.stream().map(Telemetry::steps).toList();
        return new Telemetry(
                new AllCalls(calls),
                (subject, step) -> {
                    List<StepWatch.Running> running =
                            steps.stream().map(watch -> watch.begin(subject, step)).toList();
                    return ok -> running.reversed().forEach(each -> each.end(ok));
                });
    }

    private record AllCalls(List<CallObserver> each) implements CallObserver {
        @Override
        public void finished(String method, Status.Code code, Duration duration) {
            each.forEach(observer -> observer.finished(method, code, duration));
        }

        @Override
        public Observed began(String method) {
            List<Observed> all = each.stream().map(observer -> observer.began(method)).toList();
            return new Observed() {
                @Override
                public void finished(Status.Code code, Duration duration) {
                    all.forEach(observed -> observed.finished(code, duration));
                }

                @Override
                public void work(Runnable work) {
                    Runnable wrapped = work;
                    for (Observed observed : all) {
                        Runnable inner = wrapped;
                        wrapped = () -> observed.work(inner);
                    }
                    wrapped.run();
                }
            };
        }
    }
}
