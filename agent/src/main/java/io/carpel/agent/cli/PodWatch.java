package io.carpel.agent.cli;

import io.carpel.agent.cli.PodRunner.Started;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ContainerStatus;
import io.carpel.cri.ContainerStatusRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Passes the logs of a pod's containers on and notices their end, a deadline, or the user's wish
/// to stop.
final class PodWatch implements AutoCloseable {
    private static final Duration CALL = Duration.ofSeconds(30);
    private static final long LOG_MILLIS = 20;

    /// A status call for each container every so many looks at the logs.
    private static final int LOOKS_PER_STATUS = 3;

    private final CriClient client;
    private final OutputStream out;
    private final OutputStream err;
    private final boolean prefixes;
    private final CountDownLatch interrupted;
    private final long deadline;
    private final Map<String, LogTail> tails = new HashMap<>();

    /// Thrown out of a wait.
    static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean late;

        Stopped(boolean late) {
            this.late = late;
        }

        /// Whether the deadline passed; else the user wants to stop.
        boolean late() {
            return late;
        }
    }

    /// @param prefixes whether each line begins with its container's name
    /// @param interrupted counted down when the user wants to stop
    PodWatch(
            CriClient client,
            OutputStream out,
            OutputStream err,
            boolean prefixes,
            CountDownLatch interrupted,
            Optional<Duration> timeout) {
        this.client = client;
        this.out = out;
        this.err = err;
        this.prefixes = prefixes;
        this.interrupted = interrupted;
        this.deadline =
                timeout.map(bound -> System.nanoTime() + bound.toNanos()).orElse(Long.MAX_VALUE);
    }

    /// Begins to pass on the log of a container.
    void follow(Started container) {
        String prefix = prefixes ? container.name() + " | " : "";
        tails.put(container.id(), new LogTail(container.log(), prefix, out, err));
    }

    /// Waits until all have ended.
    ///
    /// @return how, in the same order
    List<ContainerStatus> awaitEnd(List<Started> containers) {
        Map<String, ContainerStatus> ended = new HashMap<>();
        int look = 0;
        while (true) {
            if (look++ % LOOKS_PER_STATUS == 0) {
                for (Started container : containers) {
                    if (!ended.containsKey(container.id())) {
                        end(container).ifPresent(status -> ended.put(container.id(), status));
                    }
                }
            }
            tails.values().forEach(LogTail::poll);
            if (ended.size() == containers.size()) {
                List<ContainerStatus> all = new ArrayList<>();
                for (Started container : containers) {
                    finish(container);
                    Optional.ofNullable(ended.get(container.id())).ifPresent(all::add);
                }
                return all;
            }
            pause();
        }
    }

    /// Passes on what a container still wrote.
    void finish(Started container) {
        Optional.ofNullable(tails.get(container.id())).ifPresent(LogTail::finish);
    }

    private Optional<ContainerStatus> end(Started container) {
        ContainerStatus status =
                client.runtime(CALL)
                        .containerStatus(
                                ContainerStatusRequest.newBuilder()
                                        .setContainerId(container.id())
                                        .build())
                        .getStatus();
        return status.getState() == ContainerState.CONTAINER_EXITED
                        || status.getState() == ContainerState.CONTAINER_UNKNOWN
                ? Optional.of(status)
                : Optional.empty();
    }

    private void pause() {
        try {
            if (interrupted.await(LOG_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new Stopped(false);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new Stopped(false);
        }
        if (System.nanoTime() - deadline > 0) {
            throw new Stopped(true);
        }
    }

    @Override
    public void close() throws IOException {
        for (LogTail tail : tails.values()) {
            tail.close();
        }
    }
}
