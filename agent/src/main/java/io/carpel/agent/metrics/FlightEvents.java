package io.carpel.agent.metrics;

import io.carpel.agent.cri.CallObserver;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.Subject;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.Locale;

/// Calls and steps as events of the JDK's Flight Recorder, for `jcmd PID JFR.start`. While nothing
/// records, an event is an empty object.
public final class FlightEvents {
    private FlightEvents() {}

    public static Telemetry telemetry() {
        return new Telemetry(new Calls(), FlightEvents::begin, PullWatch.NONE);
    }

    private static final class Calls implements CallObserver {
        @Override
        public void finished(String method, Status.Code code, Duration duration) {
            // Only calls that were seen to begin have a duration here.
            throw new IllegalStateException("the call " + method + " did not begin");
        }

        @Override
        public Observed began(String method, Metadata headers) {
            CallEvent event = new CallEvent();
            event.begin();
            return (status, _) -> {
                event.end();
                if (event.shouldCommit()) {
                    event.method = method;
                    event.code = status.getCode().name();
                    event.commit();
                }
            };
        }
    }

    private static StepWatch.Running begin(Subject subject, String step, StepWatch.Running around) {
        StepEvent event = new StepEvent();
        event.begin();
        return ok -> {
            event.end();
            if (event.shouldCommit()) {
                event.kind = subject.kind().name().toLowerCase(Locale.ROOT);
                event.id = subject.id();
                event.step = step;
                event.succeeded = ok;
                event.commit();
            }
        };
    }
}
