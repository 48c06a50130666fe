package io.carpel.runtime.work;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/// Runs calls on files that somebody else names, and that may therefore lie with a server that
/// never answers: stat(2) on a dead NFS or FUSE mount waits for ever, and not even a signal ends
/// it.
///
/// A virtual thread would take its carrier along, and after a few such calls nothing would run any
/// more. Here each runs on a platform thread, its caller gives up after a while, and there are only
/// so many: a place that hangs already is refused at once instead of costing another thread.
public final class SlowCalls {
    private final WorkBoard board;
    private final int limit;
    private final Duration patience;
    private final Semaphore free;
    private final Executor threads;

    /// Threads that nobody waits for any more.
    private final AtomicInteger hanging = new AtomicInteger();

    // Where threads hang that nobody waits for any more, with the time in System.nanoTime.
    private final Map<String, Long> hung = new ConcurrentHashMap<>();

    /// @param board shows who hangs, also after the caller has given up
    /// @param limit threads at once, those that hang included
    /// @param patience how long a caller waits
    public SlowCalls(WorkBoard board, int limit, Duration patience) {
        this(
                board,
                limit,
                patience,
                task -> Thread.ofPlatform().name("slow call").daemon().start(task));
    }

    /// @param threads starts one for each task
    SlowCalls(WorkBoard board, int limit, Duration patience, Executor threads) {
        this.threads = threads;
        this.board = board;
        this.limit = limit;
        this.patience = patience;
        this.free = new Semaphore(limit);
    }

    /// What is to be done; it says before each part that may hang where it is.
    @FunctionalInterface
    public interface Body<T> {
        T run(Spot spot) throws IOException;
    }

    /// Where a call is at.
    public final class Spot {
        private final Optional<Work> work = WorkBoard.current();
        private volatile String place = "";
        private volatile boolean abandoned;
        private volatile boolean ended;
        private volatile Optional<Work> shown = Optional.empty();

        private Spot() {}

        private void forget() {
            hung.remove(place);
            shown.ifPresent(board::remove);
        }

        /// What comes next touches `place`, in words such as `host path /data`.
        ///
        /// @throws UnavailableException when an earlier call still hangs there
        public synchronized void at(String where) {
            if (abandoned) {
                throw new CancellationException("nobody waits for it any more");
            }
            Long since = hung.get(where);
            if (since != null) {
                throw new UnavailableException(
                        "%s has not answered for %d s"
                                .formatted(
                                        where,
                                        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since)));
            }
            place = where;
            work.ifPresent(w -> w.detail(where));
        }
    }

    /// Runs `body` on a thread of its own.
    ///
    /// @throws DeadlineExceededException when it hangs; its thread stays until it is let go
    /// @throws UnavailableException when it would hang where another call does
    /// @throws ResourceExhaustedException when too many hang already, or as many as there may be at
    ///   once do not end for as long
    /// @throws CancelledException when the caller is interrupted
    public <T> T call(Body<T> body) throws IOException {
        enter();
        Spot spot = new Spot();
        FutureTask<T> task = new FutureTask<>(() -> run(body, spot));
        long begun = System.nanoTime();
        begin(task);
        try {
            return task.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            giveUp(spot, begun);
            throw new DeadlineExceededException(
                    "%s has not answered for %d s".formatted(spot.place, patience.toSeconds()), e);
        } catch (InterruptedException e) {
            giveUp(spot, begun);
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted while waiting for " + spot.place, e);
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    /// Many at once are no harm as long as they end: a node that starts a hundred pods has its
    /// calls wait for each other, and none is refused. Only those that hang keep their place.
    private void enter() {
        try {
            if (free.tryAcquire()
                    || (hanging.get() < limit
                            && free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS))) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException(
                    "interrupted while waiting for calls on file systems of this host", e);
        }
        throw new ResourceExhaustedException(
                "%d calls wait for file systems of this host, none is free: %s"
                        .formatted(limit, hung.keySet()));
    }

    /// A host may have no thread left: nobody is busy then who would give the place back.
    private void begin(Runnable task) {
        boolean begun = false;
        try {
            threads.execute(task);
            begun = true;
        } catch (OutOfMemoryError e) {
            throw new ResourceExhaustedException(
                    "no thread can be started for a file system of this host: " + e.getMessage(),
                    e);
        } finally {
            if (!begun) {
                free.release();
            }
        }
    }

    private <T> T run(Body<T> body, Spot spot) throws IOException {
        try {
            return body.run(spot);
        } finally {
            synchronized (spot) {
                spot.ended = true;
                if (spot.abandoned) {
                    hanging.decrementAndGet();
                }
            }
            spot.forget();
            free.release();
        }
    }

    private void giveUp(Spot spot, long begun) {
        synchronized (spot) { // it must not go on to another place now: it takes one off the list
            spot.abandoned = true;
            if (!spot.ended) {
                hanging.incrementAndGet();
            }
            hung.put(spot.place, begun);
        }
        spot.shown = spot.work.map(work -> board.keep(work.item(), "hang at " + spot.place));
        if (spot.ended) {
            // It came back in this moment, before it could be seen here.
            spot.forget();
        }
    }

    /// How many threads are busy.
    public int busy() {
        return limit - free.availablePermits();
    }

    private static IOException unwrapped(ExecutionException e) {
        return switch (e.getCause()) {
            case IOException io -> io;
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            case null, default -> throw new IllegalStateException(e.getCause());
        };
    }
}
