package io.carpel.runtime.container;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.AttachSession;
import io.carpel.runtime.launch.ExecPlan;
import io.carpel.runtime.launch.ExecSession;
import io.carpel.runtime.launch.ExitRecord;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.launch.ShimStatus;
import io.carpel.runtime.linux.ErrnoException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// A shim whose container ends when the test says so.
public final class FakeShim implements ShimConnection {
    public static final Instant STARTED = Instant.parse("2026-11-23T12:00:01Z");
    public static final Instant FINISHED = Instant.parse("2026-11-23T12:00:09Z");

    public final List<Integer> signals = new CopyOnWriteArrayList<>();
    public volatile Optional<String> startError = Optional.empty();
    public volatile boolean endsOnTerm;

    /// Happens while it is asked to start.
    public volatile Runnable duringStart = () -> {};

    /// Commands fail with this errno of `execCall`; 0 when the shim is gone before.
    public volatile int execError;

    public volatile String execCall = "execve";

    /// Happens while a command is begun.
    public volatile Runnable duringExec = () -> {};

    public volatile boolean started;

    /// It is there and does not answer.
    public volatile boolean silent;

    private final int pid;
    private final List<Consumer<Optional<ExitRecord>>> listeners = new ArrayList<>();
    private Optional<ExitRecord> record = Optional.empty();
    private boolean gone;

    FakeShim(int pid) {
        this.pid = pid;
    }

    /// The container ends, with everything that follows.
    public void end(int code, int signal, long oomKills) {
        ExitRecord made =
                new ExitRecord(
                        pid,
                        signal > 0 ? 128 + signal : code,
                        signal,
                        oomKills,
                        OptionalLong.empty(),
                        0,
                        started ? Optional.of(STARTED) : Optional.empty(),
                        FINISHED);
        tell(Optional.of(made));
    }

    /// The shim itself is killed.
    public void vanish() {
        tell(Optional.empty());
    }

    private void tell(Optional<ExitRecord> made) {
        List<Consumer<Optional<ExitRecord>>> told;
        synchronized (this) {
            if (gone) {
                return;
            }
            gone = true;
            record = made;
            told = List.copyOf(listeners);
        }
        told.forEach(l -> l.accept(made));
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public ShimStatus start() {
        duringStart.run();
        duringExec.run();
        if (execError != 0) {
            throw new KernelFaultException(
                    execCall + " nothing", new ErrnoException(execCall, "nothing", execError));
        }
        synchronized (this) {
            if (gone) {
                throw new UnavailableException("the shim is gone");
            }
        }
        if (startError.isPresent()) {
            throw new KernelFaultException(startError.get());
        }
        started = true;
        return new ShimStatus(pid, pid + 1, Optional.of(STARTED), 0);
    }

    @Override
    public synchronized ShimStatus status(Duration limit) {
        if (silent) {
            throw new DeadlineExceededException("the shim does not answer");
        }
        if (gone) {
            throw new UnavailableException("the shim is gone");
        }
        return new ShimStatus(pid, pid + 1, started ? Optional.of(STARTED) : Optional.empty(), 0);
    }

    @Override
    public synchronized Optional<ExitRecord> exited() {
        return record;
    }

    @Override
    public Optional<ExitRecord> awaitExit(Duration limit) {
        return exited();
    }

    @Override
    public void onExit(Consumer<Optional<ExitRecord>> listener) {
        boolean now;
        synchronized (this) {
            now = gone;
            listeners.add(listener);
        }
        if (now) {
            listener.accept(exited());
        }
    }

    @Override
    public void signal(int signal) {
        signals.add(signal);
        if (signal == 9 || endsOnTerm) {
            end(0, signal, 0);
        }
    }

    @Override
    public void resize(int rows, int columns) {}

    @Override
    public void reopenLog() {}

    @Override
    public void closeStdin() {}

    @Override
    public ExecSession exec(ExecPlan plan) {
        duringExec.run();
        if (execError != 0) {
            throw new KernelFaultException(
                    execCall + " nothing", new ErrnoException(execCall, "nothing", execError));
        }
        throw new UnavailableException("no exec in a fake");
    }

    @Override
    public AttachSession attach(boolean stdin) {
        throw new UnavailableException("no attach in a fake");
    }

    @Override
    public Optional<ExitRecord> kill(Duration limit) {
        synchronized (this) {
            if (gone) {
                throw new UnavailableException("the shim is gone");
            }
        }
        signals.add(9);
        end(0, 9, 0);
        return exited();
    }
}
