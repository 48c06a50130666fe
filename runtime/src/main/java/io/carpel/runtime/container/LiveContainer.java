package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.spec.PidMode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/// A container that has processes: what is needed to work on it, from create until it has ended.
final class LiveContainer {
    private static final long PAUSE_NANOS = 20_000_000;

    /// How long an end may take to be seen here that a command has met already: until all its
    /// processes are gone and its output is written.
    private static final Duration SEEN = Duration.ofSeconds(10);

    private static final Duration AT_ONCE = Duration.ofMillis(200);

    final String id;
    final PidMode pid;
    final ShimConnection shim;
    final Cgroup cgroup;

    /// How its process runs, for execs.
    final KeptProcess process;

    /// Held while the state changes, and over the whole of a start: an exit that follows at once is
    /// then seen after it.
    final ReentrantLock transition = new ReentrantLock();

    final Stopper stopper;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Optional<String> startFailure = Optional.empty();

    LiveContainer(String id, PidMode pid, ShimConnection shim, Cgroup cgroup, KeptProcess process) {
        this.id = id;
        this.pid = pid;
        this.shim = shim;
        this.cgroup = cgroup;
        this.process = process;
        this.stopper = new Stopper(id, shim::signal);
    }

    /// Whether its processes may outlive its first one: only a pid namespace of its own takes all
    /// of them along.
    boolean mayLeaveProcesses() {
        return pid != PidMode.CONTAINER;
    }

    /// Asks its shim. One that has gone has taken the container along, whether that has been seen
    /// here yet or not.
    ///
    /// @throws FailedPreconditionException when it has
    /// @throws InvalidArgumentException when it was to run a program that is not there
    <T> T ask(Function<ShimConnection, T> question) {
        try {
            return question.apply(shim);
        } catch (UnavailableException e) {
            throw ended(id, e);
        } catch (KernelFaultException e) {
            ContainerRuntimeException told = ofProgram(e);
            throw told == e && metItsEnd(e) ? ended(id, e) : told;
        }
    }

    /// A command that is killed while it is set up, or finds its cgroup gone, has come too late,
    /// although the shim was still there to begin it; so has one that fails of anything else while
    /// the container ends.
    private boolean metItsEnd(KernelFaultException failure) {
        try {
            return awaitEnd(tellsOfTheEnd(failure) ? SEEN : AT_ONCE);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return hasEnded();
        }
    }

    private boolean tellsOfTheEnd(KernelFaultException failure) {
        if (!(failure.getCause() instanceof ErrnoException errno)) {
            return false;
        }
        // Paths of its cgroup have its id in them.
        boolean cgroup =
                errno.call().equals("mkdirat") || String.valueOf(errno.getMessage()).contains(id);
        boolean gone = errno.is(Errno.ENOENT) || errno.is(Errno.ENODEV);
        return errno.is(Errno.ECHILD) || (cgroup && gone);
    }

    /// A program that is not there, or is none, is an error of who named it and no fault of the
    /// kernel's.
    static ContainerRuntimeException ofProgram(ContainerRuntimeException failure) {
        boolean named =
                failure.getCause() instanceof ErrnoException errno
                        && errno.call().equals("execve")
                        && (errno.is(Errno.ENOENT)
                                || errno.is(Errno.EACCES)
                                || errno.is(Errno.ENOEXEC)
                                || errno.is(Errno.ENOTDIR)
                                || errno.is(Errno.ELOOP)
                                || errno.is(Errno.E2BIG));
        return named
                ? new InvalidArgumentException(String.valueOf(failure.getMessage()), failure)
                : failure;
    }

    static FailedPreconditionException ended(String id, Throwable cause) {
        return new FailedPreconditionException("container " + id + " has ended", cause);
    }

    void failedToStart(String message) {
        startFailure = Optional.of(message);
    }

    Optional<String> startFailure() {
        return startFailure;
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    void end() {
        ended.countDown();
        stopper.ended();
    }

    /// Whether none of its processes is left, but for zombies that a hung shim does not reap.
    boolean isGone(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (cgroup.pids().stream().anyMatch(p -> ProcessIdentity.of(p).isPresent())) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return true;
    }

    /// @return false when it still has not ended after `limit`
    boolean awaitEnd(Duration limit) throws InterruptedException {
        return ended.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }
}
