package io.carpel.runtime.work;

import io.carpel.runtime.lifecycle.Rollback;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Goes on with clearing away what could not be cleared away at once, since a process hung in the
/// kernel or a network plugin did not answer: again and again until it works, or until this process
/// ends; recovery then finds what is left.
public final class Janitor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private final WorkBoard board;
    private final Duration firstPause;
    private final CountDownLatch closed = new CountDownLatch(1);

    /// @param firstPause before the second attempt; each later one is twice as long
    public Janitor(WorkBoard board, Duration firstPause) {
        this.board = board;
        this.firstPause = firstPause;
    }

    /// An undo that tries at once, and hands over to the janitor when that fails: the failure is
    /// logged, not thrown.
    ///
    /// @param what is cleared away, for the board: `remove its cgroup`
    public Rollback.Action undo(Subject subject, String what, Rollback.Action action) {
        return () -> {
            try {
                action.run();
            } catch (InterruptedException e) {
                later(subject, what, action, e);
                throw e;
            } catch (Exception e) {
                later(subject, what, action, e);
            }
        };
    }

    private void later(Subject subject, String what, Rollback.Action action, Exception first) {
        LOG.warn("{}: could not {}, trying again: {}", subject.id(), what, first.getMessage());
        Thread.ofVirtual().name("janitor " + subject.id()).start(() -> goOn(subject, what, action));
    }

    private void goOn(Subject subject, String what, Rollback.Action action) {
        board.run(
                subject,
                "clear away",
                work -> {
                    work.at(what);
                    Duration pause = firstPause;
                    while (!over(pause)) {
                        if (succeeds(subject, what, action)) {
                            LOG.info("{}: at last: {}", subject.id(), what);
                            return;
                        }
                        Duration twice = pause.multipliedBy(2);
                        pause = twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
                    }
                });
    }

    private boolean over(Duration pause) {
        try {
            return closed.await(pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static boolean succeeds(Subject subject, String what, Rollback.Action action) {
        try {
            action.run();
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        } catch (Exception e) {
            LOG.debug("{}: could not {}: {}", subject.id(), what, e.getMessage());
            return false;
        }
    }

    /// Gives up; nothing is tried again after it.
    @Override
    public void close() {
        closed.countDown();
    }
}
