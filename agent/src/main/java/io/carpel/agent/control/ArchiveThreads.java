package io.carpel.agent.control;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.image.Cancellation;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// Reads and writes archives on threads of their own, for they lie wherever somebody says: a dead
/// file server holds whoever asks it for ever, and a virtual thread would hold its carrier along.
///
/// A client that has left is not kept waiting for such a server. The thread stays until the server
/// lets it go, and counts until then.
final class ArchiveThreads {
    private final Semaphore free;
    private final int limit;
    private final Duration grace;

    /// @param limit archives at a time
    /// @param grace what a cancelled one has to clean up after itself
    ArchiveThreads(int limit, Duration grace) {
        this.free = new Semaphore(limit);
        this.limit = limit;
        this.grace = grace;
    }

    /// Runs the work and waits for it.
    ///
    /// @param what is done, and with which file
    /// @throws ResourceExhaustedException when too many are under way or hang
    /// @throws CancelledException when it was cancelled and hangs
    <T> T run(String what, Cancellation cancellation, Supplier<T> work) {
        if (!free.tryAcquire()) {
            throw new ResourceExhaustedException(
                    "cannot %s: %d archives are read or written already, or hang"
                            .formatted(what, limit));
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("archive").start(() -> complete(result, work));
        try (var _ =
                cancellation.onStop(
                        () -> result.orTimeout(grace.toMillis(), TimeUnit.MILLISECONDS))) {
            return result.get();
        } catch (InterruptedException e) {
            cancellation.cancel();
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted: " + what, e);
        } catch (ExecutionException e) {
            throw unwrapped(what, e);
        }
    }

    private <T> void complete(CompletableFuture<T> result, Supplier<T> work) {
        try {
            T made = work.get();
            free.release();
            result.complete(made);
        } catch (Throwable e) {
            free.release();
            result.completeExceptionally(e);
        }
    }

    private static RuntimeException unwrapped(String what, ExecutionException e) {
        return switch (e.getCause()) {
            case TimeoutException late ->
                    new CancelledException(
                            "cancelled; the file system does not answer: " + what, late);
            case RuntimeException unchecked -> unchecked;
            case Error error -> throw error;
            case null, default -> new IllegalStateException(e.getCause());
        };
    }
}
