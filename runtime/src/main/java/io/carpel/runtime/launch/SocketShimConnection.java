package io.carpel.runtime.launch;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.ShimChannel.Frame;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [ShimConnection] by one short unix connection for each call.
final class SocketShimConnection implements ShimConnection {
    private static final Logger LOG = LoggerFactory.getLogger(SocketShimConnection.class);

    /// A shim answers at once, or it hangs: in writing a log to a dead file server, or stopped.
    private static final Duration CALL_LIMIT = Duration.ofSeconds(10);

    /// Between two attempts to reach a shim that hangs.
    private static final long PAUSE_NANOS = 2_000_000_000L;

    /// Exec of a program from a slow disk.
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final String id;
    private final Path socket;
    private final Path exitRecord;
    private final int pid;
    private final Deadlines deadlines;

    SocketShimConnection(String id, Path socket, Path exitRecord, int pid, Deadlines deadlines) {
        this.id = id;
        this.socket = socket;
        this.exitRecord = exitRecord;
        this.pid = pid;
        this.deadlines = deadlines;
    }

    static SocketShimConnection find(String id, Path socket, Path exitRecord, Deadlines deadlines) {
        var asking = new SocketShimConnection(id, socket, exitRecord, 0, deadlines);
        return new SocketShimConnection(id, socket, exitRecord, asking.status().pid(), deadlines);
    }

    private ShimChannel connect() throws IOException {
        return ShimChannel.connect(socket, deadlines);
    }

    private String subject() {
        return "container " + id;
    }

    /// One request and its one reply.
    private interface Reply<T> {
        T read(Frame frame);
    }

    private <T> T call(Duration limit, int type, int expected, Reply<T> reply, int... arguments) {
        try (var channel = connect();
                var _ = channel.guard(limit)) {
            channel.send(type, arguments);
            return reply.read(expect(channel.read(), expected));
        } catch (IOException e) {
            throw ShimChannel.gone(subject(), e);
        }
    }

    private Frame expect(Frame frame, int expected) {
        if (frame.type() == Wire.FAILED) {
            KernelFaultException failure = ShimChannel.failure(subject(), frame);
            if (failure.getCause() instanceof ErrnoException errno) {
                if (errno.call().equals("attach") && errno.is(Errno.EUSERS)) {
                    throw new ResourceExhaustedException(
                            subject() + ": too many clients are attached to it already");
                }
                if (errno.is(Errno.ESRCH)) {
                    // Its first process has gone, and so has the shim in a moment. A command that
                    // enters its namespaces finds that out by setns.
                    throw new UnavailableException(String.valueOf(failure.getMessage()), failure);
                }
                if (stateError(errno)) {
                    throw new FailedPreconditionException(
                            String.valueOf(failure.getMessage()), failure);
                }
            }
            throw failure;
        }
        if (frame.type() != expected) {
            throw new KernelFaultException(
                    "%s: its shim answered %d instead of %d"
                            .formatted(subject(), frame.type(), expected));
        }
        return frame;
    }

    /// Errors that mean the container is in the wrong state for the request.
    private static boolean stateError(ErrnoException errno) {
        return errno.call().equals("start") && (errno.is(Errno.EALREADY) || errno.is(Errno.EBUSY));
    }

    private static ShimStatus readStatus(Frame frame) {
        ByteBuffer data = frame.data();
        int phase = data.getInt();
        int pid = data.getInt();
        int shim = data.getInt();
        long started = data.getLong(16);
        // A shim that was started by an earlier release tells less.
        long dropped = data.limit() >= 32 ? data.getLong(24) : 0;
        return new ShimStatus(
                pid,
                shim,
                phase >= 4 && started > 0
                        ? Optional.of(Instant.ofEpochSecond(0, started))
                        : Optional.empty(),
                dropped);
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public ShimStatus start() {
        return call(START_LIMIT, Wire.START, Wire.STATUS_REPLY, SocketShimConnection::readStatus);
    }

    /// Lets a helper pass its first gate; it then waits at the next.
    void passGate() {
        call(START_LIMIT, Wire.START, Wire.GATED, Frame::type);
    }

    @Override
    public ShimStatus status(Duration limit) {
        return call(limit, Wire.STATUS, Wire.STATUS_REPLY, SocketShimConnection::readStatus);
    }

    @Override
    public Optional<ExitRecord> exited() {
        try {
            return ExitRecord.read(exitRecord);
        } catch (IOException e) {
            throw new KernelFaultException(subject() + ": could not read its exit record", e);
        }
    }

    @Override
    public Optional<ExitRecord> awaitExit(Duration limit) {
        Optional<ExitRecord> known = exited();
        if (known.isPresent() || !limit.isPositive()) {
            return known;
        }
        try (var channel = connect();
                var _ = channel.guard(limit)) {
            channel.send(Wire.SUBSCRIBE);
            expect(channel.read(), Wire.OK);
            return Optional.of(readRecord(channel));
        } catch (IOException _) {
            // The shim ended between the two looks, or the time is up: the file tells which.
            return exited();
        }
    }

    private static ExitRecord readRecord(ShimChannel channel) throws IOException {
        Frame frame = channel.read();
        if (frame.type() != Wire.EXITED) {
            throw new IOException("shim sent frame %d instead of the exit".formatted(frame.type()));
        }
        try {
            return ExitRecord.parse(StandardCharsets.US_ASCII.decode(frame.data()).toString());
        } catch (IllegalArgumentException e) {
            throw new IOException("shim sent no exit record: " + e.getMessage(), e);
        }
    }

    @Override
    public void onExit(Consumer<Optional<ExitRecord>> listener) {
        String thread = "exit-" + id;
        try {
            ShimChannel channel = subscribe();
            Thread.ofVirtual().name(thread).start(() -> waitAndTell(channel, listener));
        } catch (SocketTimeoutException | ClosedByInterruptException _) {
            Thread.ofVirtual().name(thread).start(() -> subscribeLater(listener));
        } catch (IOException _) {
            Thread.ofVirtual().name(thread).start(() -> listener.accept(left()));
        }
    }

    private ShimChannel subscribe() throws IOException {
        ShimChannel channel = connect();
        try (var _ = channel.guard(CALL_LIMIT)) {
            channel.send(Wire.SUBSCRIBE);
            expect(channel.read(), Wire.OK);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /// A shim that hangs has not ended, and its container's end cannot be missed meanwhile: it is
    /// the shim that takes note of it.
    private void subscribeLater(Consumer<Optional<ExitRecord>> listener) {
        while (true) {
            try {
                waitAndTell(subscribe(), listener);
                return;
            } catch (SocketTimeoutException | ContainerRuntimeException _) {
                LockSupport.parkNanos(PAUSE_NANOS);
            } catch (IOException _) {
                listener.accept(left());
                return;
            }
        }
    }

    private void waitAndTell(ShimChannel channel, Consumer<Optional<ExitRecord>> listener) {
        Optional<ExitRecord> record;
        try (channel) {
            record = Optional.of(readRecord(channel));
        } catch (IOException _) {
            record = left();
        }
        listener.accept(record);
    }

    /// The record of a shim that has gone. One that cannot be read is as good as none: the
    /// container has ended, and whoever waits for that must hear of it.
    private Optional<ExitRecord> left() {
        try {
            return exited();
        } catch (KernelFaultException e) {
            LOG.warn("{}", e.getMessage(), e);
            return Optional.empty();
        }
    }

    @Override
    public void signal(int signal) {
        call(CALL_LIMIT, Wire.SIGNAL, Wire.OK, Frame::type, signal);
    }

    @Override
    public void resize(int rows, int columns) {
        call(CALL_LIMIT, Wire.RESIZE, Wire.OK, Frame::type, rows, columns);
    }

    @Override
    public void reopenLog() {
        call(CALL_LIMIT, Wire.REOPEN, Wire.OK, Frame::type);
    }

    @Override
    public void closeStdin() {
        call(CALL_LIMIT, Wire.CLOSE_STDIN, Wire.OK, Frame::type);
    }

    @Override
    public ExecSession exec(ExecPlan plan) {
        byte[] bytes = PlanWriter.write(plan.ops());
        ShimChannel channel;
        try {
            channel = connect();
        } catch (IOException e) {
            throw ShimChannel.gone(subject(), e);
        }
        Duration limit = plan.timeout().isZero() ? START_LIMIT : plan.timeout().plus(CALL_LIMIT);
        try (var _ = channel.guard(limit)) {
            channel.send(Wire.EXEC, bytes);
            Frame started = channel.read();
            if (started.type() == Wire.EXEC_EXITED) {
                throw new DeadlineExceededException(
                        subject()
                                + ": the command could not begin within its time and was killed;"
                                + " is its cgroup frozen?");
            }
            expect(started, Wire.EXEC_STARTED);
            return new SocketExecSession(subject(), channel, started.data().getInt());
        } catch (IOException e) {
            channel.close();
            throw ShimChannel.gone(subject(), e);
        } catch (RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public AttachSession attach(boolean stdin) {
        ShimChannel channel;
        try {
            channel = connect();
        } catch (IOException e) {
            throw ShimChannel.gone(subject(), e);
        }
        try (var _ = channel.guard(CALL_LIMIT)) {
            channel.send(Wire.ATTACH, stdin ? 1 : 0);
            expect(channel.read(), Wire.OK);
            return new SocketAttachSession(subject(), channel);
        } catch (IOException e) {
            channel.close();
            throw ShimChannel.gone(subject(), e);
        } catch (RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public Optional<ExitRecord> kill(Duration limit) {
        try (var channel = connect()) {
            if (!ask(channel)) {
                return exited();
            }
            try (var _ = channel.guard(limit)) {
                return Optional.of(readRecord(channel));
            } catch (SocketTimeoutException _) {
                return exited();
            }
        } catch (EOFException _) {
            return exited();
        } catch (IOException e) {
            Optional<ExitRecord> record = exited();
            if (record.isEmpty()) {
                throw ShimChannel.gone(subject(), e);
            }
            return record;
        }
    }

    /// @return false when there is nothing to be killed any more
    private boolean ask(ShimChannel channel) throws IOException {
        try (var _ = channel.guard(CALL_LIMIT)) {
            channel.send(Wire.SUBSCRIBE);
            expect(channel.read(), Wire.OK);
            channel.send(Wire.KILL);
            return channel.read().type() == Wire.OK;
        }
    }
}
