package io.carpel.runtime.network.cni;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Asks the plugins for their STATUS, not more often than every few seconds and never twice at
/// once. They are asked in the background: a plugin that hangs must not hold up whoever asks how
/// the node is. Thread-safe.
final class StatusProbe {
    private static final Duration FRESH = Duration.ofSeconds(10);

    /// A plugin with nothing to wait for answers within this.
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final CniRunner runner;
    // Guarded by this.
    private @Nullable Question last;

    StatusProbe(CniRunner runner) {
        this.runner = runner;
    }

    /// What the plugins said.
    ///
    /// @param problem empty when they can serve
    private record Answer(Optional<String> problem) {}

    /// @param begun in System.nanoTime
    /// @param before what was said before about the same network
    private record Question(
            CniNetworkList network,
            long begun,
            Optional<Answer> before,
            CompletableFuture<Answer> answer) {
        Duration age() {
            return Duration.ofNanos(System.nanoTime() - begun);
        }

        boolean isOver(CniNetworkList now) {
            return answer.isDone() && (!network.equals(now) || age().compareTo(FRESH) > 0);
        }

        /// The newest that is known; nothing once the plugins take too long.
        Optional<Answer> known() {
            if (answer.isDone()) {
                return Optional.of(answer.join());
            }
            return age().compareTo(FRESH) > 0 ? Optional.empty() : before;
        }
    }

    /// Why the network cannot serve now; empty when it can or cannot be asked. Waits for some
    /// seconds at most.
    Optional<String> problem(CniNetworkList network) {
        if (!network.version().atLeast(CniVersion.V1_1_0)) {
            return Optional.empty();
        }
        Question question = current(network);
        await(question);
        return question.known()
                .filter(_ -> question.network().equals(network))
                .map(Answer::problem)
                .orElseGet(() ->
                        Optional.of(
                                "cni network %s: its plugins have not answered STATUS for %d s"
                                        .formatted(
                                                question.network().name(),
                                                question.age().toSeconds())));
    }

    /// The question under way or answered, or a new one when that is over.
    private synchronized Question current(CniNetworkList network) {
        Question known = last;
        if (known != null && !known.isOver(network)) {
            return known;
        }
        Optional<Answer> before =
                known != null && known.network().equals(network) ? known.known() : Optional.empty();
        Question next = new Question(network, System.nanoTime(), before, new CompletableFuture<>());
        Thread.ofPlatform()
                .daemon()
                .name("cni status")
                .start(() -> next.answer().complete(new Answer(ask(network))));
        last = next;
        return next;
    }

    private static void await(Question question) {
        long left = PATIENCE.minus(question.age()).toNanos();
        try {
            var _ = question.answer().get(Math.max(0, left), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException _) {
            // What is known by now must do.
        }
    }

    private Optional<String> ask(CniNetworkList network) {
        try {
            runner.status(network);
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
