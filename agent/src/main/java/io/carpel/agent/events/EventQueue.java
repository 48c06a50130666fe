package io.carpel.agent.events;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.carpel.cri.ContainerEventResponse;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.ResourceExhaustedException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;

/// One client's events between their happening and the client's taking them.
final class EventQueue {
    private final EventSink sink;
    private final int limit;
    private final long limitBytes;

    // Sending happens under a lock of its own, so that announcing never waits for a client.
    private final ReentrantLock sending = new ReentrantLock();
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Queue<ContainerEventResponse> waiting = new ArrayDeque<>();

    @GuardedBy("lock")
    private long waitingBytes;

    @GuardedBy("lock")
    private Optional<ContainerRuntimeException> end = Optional.empty();

    private boolean told;

    /// @param limit events that may wait
    /// @param limitBytes of theirs, but for a single one of any size
    EventQueue(EventSink sink, int limit, long limitBytes) {
        this.sink = sink;
        this.limit = limit;
        this.limitBytes = limitBytes;
    }

    /// Never waits. The event that finds no room ends the stream.
    void offer(ContainerEventResponse event) {
        synchronized (lock) {
            if (end.isPresent()) {
                return;
            }
            long bytes = waitingBytes + event.getSerializedSize();
            if (waiting.size() >= limit || (!waiting.isEmpty() && bytes > limitBytes)) {
                end =
                        Optional.of(
                                new ResourceExhaustedException(
                                        "the client left %d events of %d bytes waiting"
                                                .formatted(waiting.size(), waitingBytes)));
                waiting.clear();
                return;
            }
            waiting.add(event);
            waitingBytes = bytes;
        }
    }

    void end(ContainerRuntimeException why) {
        synchronized (lock) {
            if (end.isEmpty()) {
                waiting.clear();
                end = Optional.of(why);
            }
        }
    }

    boolean isEnded() {
        synchronized (lock) {
            return end.isPresent();
        }
    }

    /// Sends what the client takes.
    void drain() {
        sending.lock();
        try {
            while (!told && sink.isReady() && sendNext()) {}
            tellEnd();
        } finally {
            sending.unlock();
        }
    }

    private boolean sendNext() {
        ContainerEventResponse event;
        synchronized (lock) {
            event = waiting.poll();
            if (event == null) {
                return false;
            }
            waitingBytes -= event.getSerializedSize();
        }
        sink.send(event);
        return true;
    }

    private void tellEnd() {
        Optional<ContainerRuntimeException> why;
        synchronized (lock) {
            why = waiting.isEmpty() ? end : Optional.empty();
        }
        if (why.isPresent() && !told) {
            told = true;
            sink.end(why.get());
        }
    }
}
