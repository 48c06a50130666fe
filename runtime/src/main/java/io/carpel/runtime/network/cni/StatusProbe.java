package io.carpel.runtime.network.cni;

import io.carpel.runtime.error.ContainerRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Asks the plugins for their STATUS, not more often than every few seconds and never twice at
/// once: who asks meanwhile gets the last answer.
final class StatusProbe {
    private static final Duration FRESH = Duration.ofSeconds(10);

    private final CniRunner runner;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable Answer last;

    StatusProbe(CniRunner runner) {
        this.runner = runner;
    }

    private record Answer(CniNetworkList network, long at, Optional<String> problem) {}

    /// Why the network cannot serve now; empty when it can or cannot be asked.
    Optional<String> problem(CniNetworkList network) {
        if (!network.version().atLeast(CniVersion.V1_1_0)) {
            return Optional.empty();
        }
        Answer known = last;
        boolean fresh =
                known != null
                        && known.network().equals(network)
                        && System.nanoTime() - known.at() < FRESH.toNanos();
        if (known != null && (fresh || !asking.tryLock())) {
            return known.problem();
        }
        if (known == null) {
            asking.lock();
        }
        try {
            Optional<String> problem = ask(network);
            last = new Answer(network, System.nanoTime(), problem);
            return problem;
        } finally {
            asking.unlock();
        }
    }

    private Optional<String> ask(CniNetworkList network) {
        try {
            runner.status(network);
            return Optional.empty();
        } catch (ContainerRuntimeException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
