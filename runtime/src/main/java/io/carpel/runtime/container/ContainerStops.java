package io.carpel.runtime.container;

import io.carpel.runtime.container.ContainerState.Running;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.ShimStatus;
import io.carpel.runtime.work.Work;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Makes containers end, those whose shim or whose processes hang included.
final class ContainerStops {
    /// After SIGKILL a process ends at once, unless the kernel holds it in a call.
    private static final Duration KILL_LIMIT = Duration.ofSeconds(60);

    /// For processes that were killed in place of their shim.
    private static final Duration GONE_LIMIT = Duration.ofSeconds(10);

    /// Between two attempts to reach a shim that hangs.
    private static final long PAUSE_NANOS = 2_000_000_000L;

    /// Between an end and the news of it.
    private static final Duration TELL_LIMIT = Duration.ofSeconds(5);

    private final ContainerStates states;
    private final ContainerEnds ends;
    private final Map<String, LiveContainer> live;

    ContainerStops(ContainerStates states, ContainerEnds ends, Map<String, LiveContainer> live) {
        this.states = states;
        this.ends = ends;
        this.live = live;
    }

    /// Asks it to end, or kills it at once when there is no grace, and waits for its end.
    void stop(LiveContainer container, Duration grace, Work work) {
        Optional<ContainerRecord> record = states.find(container.id);
        if (record.isEmpty()) {
            return; // removed in this moment, and stopped before
        }
        if (grace.isPositive() && record.get().state() instanceof Running) {
            int signal = record.get().stopSignal();
            work.at("wait for its end after signal " + signal, grace.plus(Work.PATIENCE));
            container.stopper.stop(signal, grace, () -> kill(container));
            await(container, grace.plus(KILL_LIMIT));
        } else {
            work.at("wait for its end after SIGKILL");
            kill(container);
            await(container, TELL_LIMIT);
        }
    }

    /// Kills it and everything in its cgroup, and settles its end when that is seen at once.
    void kill(LiveContainer container) {
        try {
            container.shim.kill(KILL_LIMIT).ifPresent(r -> ends.end(container, Optional.of(r)));
        } catch (DeadlineExceededException e) {
            // The shim itself hangs, and can neither kill nor tell.
            container.cgroup.killAll();
            if (!container.isGone(GONE_LIMIT)) {
                throw e;
            }
            ends.end(container, container.shim.exited());
        } catch (UnavailableException e) {
            // Already gone: the exit record, or the subscription's word that there is none.
            ends.end(container, container.shim.exited());
        }
        if (container.hasEnded()) {
            live.remove(container.id, container);
        }
    }

    private static void await(LiveContainer container, Duration limit) {
        try {
            if (!container.awaitEnd(limit)) {
                throw new DeadlineExceededException(
                        "container %s has not ended %d s after it was killed"
                                .formatted(container.id, KILL_LIMIT.toSeconds()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException(
                    "interrupted while container %s is being stopped".formatted(container.id), e);
        }
    }

    /// Puts right what is known of a container whose shim hung when this process began.
    void awaitAnswer(LiveContainer container) {
        while (!container.hasEnded()) {
            try {
                ShimStatus status = container.shim.status();
                container.transition.lock();
                try {
                    states.change(
                            container.id,
                            ContainerChange.Kind.UPDATED,
                            s -> Transitions.onFound(s, status.pid(), status.startedAt()));
                } finally {
                    container.transition.unlock();
                }
                return;
            } catch (DeadlineExceededException _) {
                LockSupport.parkNanos(PAUSE_NANOS);
            } catch (ContainerRuntimeException _) {
                // It has gone; the subscription tells.
                return;
            }
        }
    }
}
