package io.carpel.runtime.container;

import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.launch.ExitRecord;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is done when a container has ended, whoever learns of it first, exactly once.
final class ContainerEnds {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerEnds.class);

    /// Tells that the real exit code is lost; never 0, which would mean success.
    private static final int LOST_CODE = 255;

    private final ContainerStates states;
    private final Clock clock;
    private final LongAdder droppedLogBytes = new LongAdder();

    ContainerEnds(ContainerStates states, Clock clock) {
        this.states = states;
        this.clock = clock;
    }

    /// @param record empty when the shim went away without one
    void end(LiveContainer live, Optional<ExitRecord> record) {
        live.transition.lock();
        try {
            if (live.hasEnded()) {
                return;
            }
            // Its own processes first, then the news: exited means that every one is gone.
            if (live.mayLeaveProcesses() || record.isEmpty()) {
                killRest(live);
            }
            states.change(
                    live.id, ContainerChange.Kind.STOPPED, before -> ended(before, live, record));
            live.end();
            record.ifPresent(exit -> droppedLogBytes.add(exit.droppedLogBytes()));
        } finally {
            live.transition.unlock();
        }
        removeCgroup(live);
    }

    long droppedLogBytes() {
        return droppedLogBytes.sum();
    }

    private ContainerState ended(
            ContainerState before, LiveContainer live, Optional<ExitRecord> record) {
        if (live.startFailure().isPresent()) {
            return Transitions.onStartFailed(before, live.startFailure().get(), clock.instant());
        }
        if (record.isPresent()) {
            if (record.get().droppedLogBytes() > 0) {
                LOG.warn(
                        "container {}: {} bytes of its output could not be logged",
                        live.id,
                        record.get().droppedLogBytes());
            }
            return exited(before, record.get());
        }
        return lost(
                before, "its shim went away without an exit record; all its processes were killed");
    }

    /// What an exit record says. It may know of a start that this process did not live to write
    /// down.
    static ContainerState exited(ContainerState before, ExitRecord exit) {
        ContainerState from =
                before instanceof ContainerState.Created(int pid) && exit.startedAt().isPresent()
                        ? new ContainerState.Running(pid, exit.startedAt().get())
                        : before;
        return Transitions.onExited(from, exit.exitCode(), exit.oomKilled(), exit.finishedAt());
    }

    /// An end without a record, when nothing of the container is left.
    ContainerState lost(ContainerState before, String message) {
        ContainerState state = Transitions.onExited(before, LOST_CODE, false, clock.instant());
        return state instanceof Exited e && !before.equals(e)
                ? new Exited(e.exitCode(), e.reason(), message, e.startedAt(), e.finishedAt())
                : state;
    }

    private static void killRest(LiveContainer live) {
        try {
            live.cgroup.killAll();
        } catch (ContainerRuntimeException e) {
            LOG.warn("container {}: processes may be left: {}", live.id, e.getMessage());
        }
    }

    private static void removeCgroup(LiveContainer live) {
        try {
            live.cgroup.remove();
        } catch (ContainerRuntimeException e) {
            // Removal of the container tries again, and then it is the caller's error.
            LOG.warn("container {}: its cgroup stays for now: {}", live.id, e.getMessage());
        }
    }
}
