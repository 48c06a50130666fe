package io.carpel.runtime.work;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.lifecycle.KeyedLocks;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;

/// Work on objects of one kind, one call at a time on each: the others wait for their turn, and the
/// board shows that they do. Thread-safe.
public final class Turns {
    private final WorkBoard board;
    private final KeyedLocks locks;
    private final Duration patience;

    /// @param kind of object, for messages: `sandbox`
    /// @param patience how long a call waits for those before it
    public Turns(WorkBoard board, String kind, Duration patience) {
        this.board = board;
        this.locks = new KeyedLocks(kind);
        this.patience = patience;
    }

    /// [WorkBoard#call] when it is this call's turn on the object.
    ///
    /// @throws DeadlineExceededException when another one takes longer than the patience
    /// @throws CancelledException when the thread is interrupted while it waits
    public <R> R call(Subject subject, String call, Function<Work, R> body) {
        return board.call(
                subject,
                call,
                work -> {
                    work.at("wait for another call on it");
                    try (var _ = take(subject.id())) {
                        return body.apply(work);
                    }
                });
    }

    /// [#call] without a result.
    public void run(Subject subject, String call, Consumer<Work> body) {
        call(
                subject,
                call,
                work -> {
                    body.accept(work);
                    return call;
                });
    }

    /// The turn on an object for what is too short for the board; release it on the same thread.
    ///
    /// @throws DeadlineExceededException when another call takes longer than the patience
    public KeyedLocks.Held take(String id) {
        return locks.lock(id, patience);
    }
}
