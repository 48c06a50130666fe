package io.carpel.runtime.container;

import io.carpel.runtime.error.ContainerRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks a container to end, once, and makes it when its time is up, on a thread of its own: the
/// caller may go away meanwhile, and the killing goes on.
final class Stopper {
    private static final Logger LOG = LoggerFactory.getLogger(Stopper.class);

    private final String id;
    private final IntConsumer signal;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by lock.
    private long deadline = Long.MAX_VALUE;
    private boolean asked;
    private boolean over;

    Stopper(String id, IntConsumer signal) {
        this.id = id;
        this.signal = signal;
    }

    /// Sends `number` unless an earlier call did, and runs `kill` after `grace`, or earlier when
    /// another call wants it so.
    void stop(int number, Duration grace, Runnable kill) {
        boolean first;
        lock.lock();
        try {
            first = !asked;
            asked = true;
            long wanted = System.nanoTime() + grace.toNanos();
            deadline = first ? wanted : Math.min(deadline, wanted);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (first) {
            // Before it is asked: a shim that hangs must not hold up the clock.
            Thread.ofVirtual().name("stop " + id).start(() -> killWhenDue(kill));
            ask(number);
        }
    }

    private void ask(int number) {
        try {
            signal.accept(number);
        } catch (ContainerRuntimeException e) {
            // Ended in this moment, or beyond being asked: the kill will tell.
            LOG.debug("container {} took no signal {}: {}", id, number, e.getMessage());
        }
    }

    private void killWhenDue(Runnable kill) {
        lock.lock();
        try {
            while (!over) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    break;
                }
                boolean _ = changed.await(left, TimeUnit.NANOSECONDS);
            }
            if (over) {
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return;
        } finally {
            lock.unlock();
        }
        try {
            kill.run();
        } catch (ContainerRuntimeException e) {
            LOG.warn("container {} could not be killed: {}", id, e.getMessage());
            beginAnew();
        }
    }

    /// Whoever stops it next asks again, and kills again.
    private void beginAnew() {
        lock.lock();
        try {
            asked = false;
        } finally {
            lock.unlock();
        }
    }

    /// It has ended: nothing is to be killed any more.
    void ended() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
