package io.carpel.runtime.systemd;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.systemd.ManagerBus.JobRemoved;
import io.carpel.runtime.systemd.ManagerBus.Property;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.freedesktop.dbus.connections.IDisconnectCallback;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [Units] over a message bus. A connection that has broken is made again with the next question.
///
/// systemd answers a request with a job at once and tells its end by a signal, which can come
/// before the answer has been read: whoever waits is therefore entered by the unit's name before
/// asking.
final class BusUnits implements Units {
    private static final Logger LOG = LoggerFactory.getLogger(BusUnits.class);
    private static final Duration JOB_LIMIT = Duration.ofSeconds(30);
    private static final String ERRORS = "org.freedesktop.systemd1.";

    private final String address;
    private final Duration jobLimit;
    private final ReentrantLock connecting = new ReentrantLock();
    private final ConcurrentHashMap<String, CompletableFuture<String>> waiting =
            new ConcurrentHashMap<>();
    private volatile Optional<Connected> connection = Optional.empty();

    private record Connected(DBusConnection bus, ManagerBus manager) {}

    BusUnits(String address) {
        this(address, JOB_LIMIT);
    }

    /// @param address as in the D-Bus specification, such as `unix:path=…`
    BusUnits(String address, Duration jobLimit) {
        this.address = address;
        this.jobLimit = jobLimit;
    }

    @Override
    public void startScope(Scope scope) {
        String result;
        try {
            result = run(scope.name(), manager -> start(manager, scope));
        } catch (DBusExecutionException e) {
            if (!is(e, "UnitExists")) {
                throw refused("make scope " + scope.name(), e);
            }
            // One that has failed and waits to be looked at is in the way, and only that.
            ask(manager -> {
                manager.resetFailedUnit(scope.name());
                return "";
            });
            result = startAgain(scope);
        }
        if (!result.equals("done")) {
            throw new KernelFaultException(
                    "systemd could not make scope %s: its job ended as %s"
                            .formatted(scope.name(), result));
        }
    }

    private String startAgain(Scope scope) {
        try {
            return run(scope.name(), manager -> start(manager, scope));
        } catch (DBusExecutionException e) {
            if (is(e, "UnitExists")) {
                throw new AlreadyExistsException("systemd has a unit %s".formatted(scope.name()));
            }
            throw refused("make scope " + scope.name(), e);
        }
    }

    private static String start(ManagerBus manager, Scope scope) {
        return manager.startTransientUnit(scope.name(), "replace", properties(scope), List.of())
                .getPath();
    }

    private static List<Property> properties(Scope scope) {
        Variant<Boolean> yes = new Variant<>(true);
        return List.of(
                new Property("Description", new Variant<>(scope.description())),
                new Property("Slice", new Variant<>(scope.slice())),
                new Property("PIDs", new Variant<>(new UInt32[] {new UInt32(scope.pid())}, "au")),
                new Property("Delegate", yes),
                // Containers are ended by the kubelet or by us, not at the first step of a
                // shutdown.
                new Property("DefaultDependencies", new Variant<>(false)),
                new Property("CollectMode", new Variant<>("inactive-or-failed")),
                // Each switches a controller on in all the slices above.
                new Property("CPUAccounting", yes),
                new Property("MemoryAccounting", yes),
                new Property("IOAccounting", yes),
                new Property("TasksAccounting", yes),
                // Else 15 % of the host's limit, the default of every unit.
                new Property("TasksMax", new Variant<>(new UInt64(UInt64.MAX_BIG_VALUE))));
    }

    @Override
    public void stop(String unit) {
        String result;
        try {
            result = run(unit, manager -> manager.stopUnit(unit, "replace").getPath());
        } catch (DBusExecutionException e) {
            if (is(e, "NoSuchUnit")) {
                return;
            }
            throw refused("stop " + unit, e);
        }
        if (!result.equals("done")) {
            throw new KernelFaultException(
                    "systemd could not stop %s: its job ended as %s".formatted(unit, result));
        }
    }

    @Override
    public void restart(String unit) {
        String result;
        try {
            result = run(unit, manager -> manager.restartUnit(unit, "replace").getPath());
        } catch (DBusExecutionException e) {
            throw refused("restart " + unit, e);
        }
        if (!result.equals("done")) {
            throw new KernelFaultException(
                    "systemd could not start %s: its job ended as %s".formatted(unit, result));
        }
    }

    @Override
    public void reload() {
        try {
            ask(manager -> {
                manager.reload();
                return "";
            });
        } catch (DBusExecutionException e) {
            throw refused("read its files again", e);
        }
    }

    /// Asks for a job on a unit and waits for its end.
    ///
    /// @return how it ended
    private String run(String unit, Function<ManagerBus, String> request) {
        var end = new CompletableFuture<String>();
        if (waiting.putIfAbsent(unit, end) != null) {
            throw new UnavailableException(
                    "systemd is busy with %s for another request".formatted(unit));
        }
        try {
            ask(request);
            return end.get(jobLimit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new DeadlineExceededException(
                    "systemd did not finish its job on %s within %d s"
                            .formatted(unit, jobLimit.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            throw new UnavailableException(
                    "the connection to systemd broke while %s was waited for".formatted(unit), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted while waiting for " + unit, e);
        } finally {
            waiting.remove(unit);
        }
    }

    private void ask(Function<ManagerBus, String> request) {
        try {
            LOG.debug("systemd answers {}", request.apply(connected().manager()));
        } catch (DBusExecutionException e) {
            if (errorName(e).startsWith(ERRORS)) {
                throw e;
            }
            // Nobody answered, or not in systemd's name: whether it was asked cannot be known.
            throw new UnavailableException("systemd does not answer: " + e.getMessage(), e);
        } catch (RejectedExecutionException e) {
            // The library's way to say that the connection broke between our look at it and our
            // question: the threads that send have ended.
            throw new UnavailableException(
                    "the connection to systemd over %s has just broken".formatted(address), e);
        } catch (DBusException e) {
            throw new UnavailableException(
                    "could not reach systemd over %s: %s".formatted(address, e.getMessage()), e);
        }
    }

    private Connected connected() throws DBusException {
        Optional<Connected> now = connection;
        if (now.isPresent() && now.get().bus().isConnected()) {
            return now.get();
        }
        connecting.lock();
        try {
            now = connection;
            if (now.isPresent() && now.get().bus().isConnected()) {
                return now.get();
            }
            now.ifPresent(old -> release(old.bus()));
            Connected fresh = connect();
            connection = Optional.of(fresh);
            return fresh;
        } finally {
            connecting.unlock();
        }
    }

    /// What a broken connection still has. That it cannot be told to end is no reason to make no
    /// other.
    private static void release(DBusConnection broken) {
        try {
            broken.disconnect();
        } catch (RejectedExecutionException e) {
            LOG.debug("a broken connection to systemd had ended by itself", e);
        }
    }

    private Connected connect() throws DBusException {
        DBusConnection bus =
                DBusConnectionBuilder.forAddress(address)
                        .withShared(false)
                        .withDisconnectCallback(new Failing())
                        .receivingThreadConfig()
                        .withSignalThreadCount(1)
                        .withErrorHandlerThreadCount(1)
                        .withMethodCallThreadCount(1)
                        .withMethodReturnThreadCount(1)
                        .connectionConfig()
                        .build();
        try {
            bus.addSigHandler(JobRemoved.class, this::ended);
            return new Connected(
                    bus,
                    bus.getRemoteObject(ManagerBus.BUS_NAME, ManagerBus.PATH, ManagerBus.class));
        } catch (DBusException | RuntimeException e) {
            bus.disconnect();
            throw e;
        }
    }

    /// Whoever waits learns that the answer will not come.
    private final class Failing implements IDisconnectCallback {
        @Override
        public void disconnectOnError(IOException cause) {
            waiting.values().forEach(end -> end.completeExceptionally(cause));
        }
    }

    private void ended(JobRemoved job) {
        CompletableFuture<String> end = waiting.get(job.unit());
        if (end != null) {
            end.complete(job.result());
        }
    }

    private static boolean is(DBusExecutionException e, String name) {
        return errorName(e).equals(ERRORS + name);
    }

    /// The library's next version wants an exception class for each error instead, in a package
    /// that is named after the bus.
    @SuppressWarnings("removal")
    private static String errorName(DBusExecutionException e) {
        return String.valueOf(e.getType());
    }

    private static ContainerRuntimeException refused(String what, DBusExecutionException e) {
        return new KernelFaultException(
                "systemd refuses to %s: %s".formatted(what, e.getMessage()), e);
    }

    @Override
    public void close() {
        connecting.lock();
        try {
            connection.ifPresent(open -> open.bus().disconnect());
            connection = Optional.empty();
        } finally {
            connecting.unlock();
        }
    }
}
