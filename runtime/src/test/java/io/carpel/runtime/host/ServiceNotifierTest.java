package io.carpel.runtime.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.DatagramCalls;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ServiceNotifierTest {
    private final List<String> sent = new CopyOnWriteArrayList<>();
    private final DatagramCalls calls =
            (address, data) -> sent.add(address + " " + new String(data, StandardCharsets.UTF_8));

    private static Map<String, String> environment() {
        return Map.of("NOTIFY_SOCKET", "/run/systemd/notify", "WATCHDOG_USEC", "20000");
    }

    @Test
    void speaksTheProtocol() {
        try (var notifier = ServiceNotifier.of(environment(), calls, 42)) {
            assertThat(notifier.active()).isTrue();
            notifier.ready("serving\nREADY=0");
            notifier.extendTimeout(Duration.ofSeconds(2));
            notifier.stopping();
        }
        assertThat(sent)
                .containsExactly(
                        "/run/systemd/notify READY=1\nMAINPID=42\nSTATUS=serving READY=0",
                        "/run/systemd/notify EXTEND_TIMEOUT_USEC=2000000",
                        "/run/systemd/notify STOPPING=1");
    }

    @Test
    void saysNothingWithoutAManager() {
        for (Map<String, String> environment :
                List.of(
                        Map.<String, String>of(),
                        Map.of("NOTIFY_SOCKET", "vsock:2:1"),
                        Map.of("NOTIFY_SOCKET", ""))) {
            try (var notifier = ServiceNotifier.of(environment, calls, 42)) {
                assertThat(notifier.active()).isFalse();
                notifier.ready("serving");
                notifier.startWatchdog(() -> true);
            }
        }
        assertThat(sent).isEmpty();
    }

    @Test
    void beatsOnlyWhileHealthy() throws InterruptedException {
        BlockingQueue<String> beats = new LinkedBlockingQueue<>();
        var healthy = new AtomicBoolean(true);
        DatagramCalls queue = (_, data) -> beats.add(new String(data, StandardCharsets.UTF_8));
        try (var notifier = ServiceNotifier.of(environment(), queue, 42)) {
            notifier.startWatchdog(healthy::get);
            assertThat(beats.poll(10, TimeUnit.SECONDS)).isEqualTo("WATCHDOG=1");
            assertThat(beats.poll(10, TimeUnit.SECONDS)).isEqualTo("WATCHDOG=1");
            healthy.set(false);
            beats.poll(50, TimeUnit.MILLISECONDS);
            beats.clear();
            assertThat(beats.poll(60, TimeUnit.MILLISECONDS)).isNull();
        }
    }

    @Test
    void anotherProcessesWatchdogIsNotOurs() throws InterruptedException {
        BlockingQueue<String> beats = new LinkedBlockingQueue<>();
        var environment =
                Map.of("NOTIFY_SOCKET", "@notify", "WATCHDOG_USEC", "1000", "WATCHDOG_PID", "7");
        DatagramCalls queue = (_, data) -> beats.add(new String(data, StandardCharsets.UTF_8));
        try (var notifier = ServiceNotifier.of(environment, queue, 42)) {
            notifier.startWatchdog(() -> true);
            assertThat(beats.poll(30, TimeUnit.MILLISECONDS)).isNull();
        }
    }

    @Test
    void aDeafManagerHarmsNobody() {
        DatagramCalls deaf =
                (address, _) -> {
                    throw new ErrnoException("sendto", address, Errno.ECONNREFUSED);
                };
        try (var notifier = ServiceNotifier.of(environment(), deaf, 42)) {
            notifier.ready("serving");
        }
    }
}
