package io.carpel.runtime.host;

import io.carpel.runtime.linux.DatagramCalls;
import io.carpel.runtime.linux.ErrnoException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the service manager how we are, by the protocol of sd_notify(3). Without a service manager
/// every method does nothing; a message that cannot be delivered is logged and forgotten, since no
/// container may suffer for it.
public final class ServiceNotifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceNotifier.class);

    private final DatagramCalls datagrams;
    private final String socket;
    private final Optional<Duration> watchdog;
    private final long pid;
    private @Nullable ScheduledExecutorService beats;

    private ServiceNotifier(
            DatagramCalls datagrams, String socket, Optional<Duration> watchdog, long pid) {
        this.datagrams = datagrams;
        this.socket = socket;
        this.watchdog = watchdog;
        this.pid = pid;
    }

    /// @param environment where systemd leaves `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`
    /// @param pid our own
    public static ServiceNotifier of(
            Map<String, String> environment, DatagramCalls datagrams, long pid) {
        String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
        boolean known = socket.startsWith("/") || socket.startsWith("@");
        return new ServiceNotifier(datagrams, known ? socket : "", interval(environment, pid), pid);
    }

    private static Optional<Duration> interval(Map<String, String> environment, long pid) {
        String of = environment.getOrDefault("WATCHDOG_PID", Long.toString(pid));
        if (!of.equals(Long.toString(pid))) {
            return Optional.empty();
        }
        try {
            long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
            return micros > 0
                    ? Optional.of(Duration.ofNanos(Math.multiplyExact(micros, 1000)))
                    : Optional.empty();
        } catch (NumberFormatException | ArithmeticException _) {
            return Optional.empty();
        }
    }

    /// Whether somebody listens.
    public boolean active() {
        return !socket.isEmpty();
    }

    /// The socket answers: the unit counts as started.
    ///
    /// @param status one line for `systemctl status`
    public void ready(String status) {
        send("READY=1\nMAINPID=%d\nSTATUS=%s".formatted(pid, oneLine(status)));
    }

    /// One line for `systemctl status`.
    public void status(String status) {
        send("STATUS=" + oneLine(status));
    }

    /// Recovery takes longer than the unit's start limit: wait this much more.
    public void extendTimeout(Duration by) {
        send("EXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(by.toNanos()));
    }

    public void stopping() {
        send("STOPPING=1");
    }

    /// Beats the watchdog at half its interval as long as `healthy` answers yes. Nothing happens
    /// when the manager asked for none.
    public synchronized void startWatchdog(BooleanSupplier healthy) {
        if (!active() || watchdog.isEmpty() || beats != null) {
            return;
        }
        ScheduledExecutorService executor =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("watchdog").daemon().factory());
        beats = executor;
        long period = watchdog.get().toNanos() / 2;
        var _ = executor.scheduleAtFixedRate(() -> beat(healthy), 0, period, TimeUnit.NANOSECONDS);
    }

    private void beat(BooleanSupplier healthy) {
        try {
            if (healthy.getAsBoolean()) {
                send("WATCHDOG=1");
            } else {
                LOG.error("not healthy: the watchdog is left to bite");
            }
        } catch (RuntimeException e) {
            LOG.error("health could not be told", e);
        }
    }

    private static String oneLine(String text) {
        return text.replace('\n', ' ');
    }

    private void send(String message) {
        if (!active()) {
            return;
        }
        try {
            datagrams.send(socket, message.getBytes(StandardCharsets.UTF_8));
        } catch (ErrnoException e) {
            LOG.warn("service manager not told: {}", e.getMessage());
        }
    }

    /// Ends the watchdog's beats.
    @Override
    public synchronized void close() {
        if (beats != null) {
            beats.shutdownNow();
        }
    }
}
