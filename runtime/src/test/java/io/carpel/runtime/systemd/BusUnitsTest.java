package io.carpel.runtime.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.systemd.Units.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.freedesktop.dbus.bin.EmbeddedDBusDaemon;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Over a real bus, with a manager that answers as systemd does.
final class BusUnitsTest {
    private static final Scope SCOPE = new Scope("a-1.scope", "a.slice", "one", 4711);

    @TempDir Path directory;

    private EmbeddedDBusDaemon daemon;
    private DBusConnection connection;
    private FakeManager manager;
    private String address;

    @BeforeEach
    void bus() throws Exception {
        address = "unix:path=" + directory.resolve("bus");
        daemon = started();
        connection = connected();
        connection.requestBusName(ManagerBus.BUS_NAME);
        manager = new FakeManager(connection);
        connection.exportObject(ManagerBus.PATH, manager);
    }

    /// Each has a socket of its own behind the address, since a daemon removes its socket some time
    /// after it was closed, and would remove that of the next.
    private EmbeddedDBusDaemon started() throws Exception {
        Path socket = Files.createTempDirectory(directory, "daemon").resolve("bus");
        Path link = directory.resolve("bus");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, socket);
        var fresh = new EmbeddedDBusDaemon("unix:path=" + socket + ",listen=true");
        fresh.startInBackgroundAndWait();
        return fresh;
    }

    /// Once in some hundred times a daemon ends on its first client: then with another one.
    private DBusConnection connected() throws Exception {
        for (int attempt = 1; ; attempt++) {
            try {
                return DBusConnectionBuilder.forAddress(address).withShared(false).build();
            } catch (DBusException e) {
                daemon.close();
                if (attempt == 5) {
                    throw e;
                }
                daemon = started();
            }
        }
    }

    @AfterEach
    void close() throws Exception {
        connection.disconnect();
        daemon.close();
    }

    private Units units() {
        return new BusUnits(address, Duration.ofSeconds(20));
    }

    @Test
    void aScopeIsAskedForWithItsProcessAndDelegated() {
        try (Units units = units()) {
            units.startScope(SCOPE);
        }

        assertThat(manager.started).containsExactly("a-1.scope");
        assertThat(manager.properties.get("Slice")).isEqualTo("a.slice");
        assertThat(manager.properties.get("Description")).isEqualTo("one");
        assertThat(manager.properties.get("Delegate")).isEqualTo(true);
        assertThat(manager.properties.get("DefaultDependencies")).isEqualTo(false);
        assertThat(manager.properties.get("TasksMax")).isEqualTo(new UInt64(UInt64.MAX_BIG_VALUE));
        assertThat(manager.numbers("PIDs")).containsExactly(new UInt32(4711));
    }

    @Test
    void aServiceIsStartedFromFilesThatAreReadAgain() {
        try (Units units = units()) {
            units.reload();
            units.restart("carpel.service");
        }
        assertThat(manager.reloads).hasValue(1);
        assertThat(manager.started).containsExactly("carpel.service");
    }

    @Test
    void aServiceThatDoesNotStartIsAFailure() {
        manager.result = "failed";
        try (Units units = units()) {
            assertThatThrownBy(() -> units.restart("carpel.service"))
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining("carpel.service")
                    .hasMessageContaining("failed");
        }
    }

    @Test
    void aServiceWithoutAUnitIsAFailure() {
        manager.missing.add("carpel.service");
        try (Units units = units()) {
            assertThatThrownBy(() -> units.restart("carpel.service"))
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining("not found");
        }
    }

    @Test
    void aJobMayEndBeforeTheAnswerIsRead() {
        manager.endsBeforeItAnswers = true;
        try (Units units = units()) {
            units.startScope(SCOPE);
            units.stop("a-1.scope");
        }
        assertThat(manager.stopped).containsExactly("a-1.scope");
    }

    @Test
    void aJobThatFailsIsAnError() {
        manager.result = "failed";
        try (Units units = units()) {
            assertThatThrownBy(() -> units.startScope(SCOPE))
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining("a-1.scope")
                    .hasMessageContaining("failed");
        }
    }

    @Test
    void theEndOfAnotherUnitsJobIsNotOurs() {
        manager.endsAnother = true;
        manager.ends = false;
        try (Units units = new BusUnits(address, Duration.ofMillis(300))) {
            assertThatThrownBy(() -> units.startScope(SCOPE))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessageContaining("a-1.scope");
        }
    }

    @Test
    void aUnitThatFailedBeforeGivesWay() {
        manager.existing.add("a-1.scope");
        manager.failed.add("a-1.scope");
        try (Units units = units()) {
            units.startScope(SCOPE);
        }
        assertThat(manager.started).containsExactly("a-1.scope");
    }

    @Test
    void aUnitThatIsThereStaysThere() {
        manager.existing.add("a-1.scope");
        try (Units units = units()) {
            assertThatThrownBy(() -> units.startScope(SCOPE))
                    .isInstanceOf(AlreadyExistsException.class)
                    .hasMessageContaining("a-1.scope");
        }
        assertThat(manager.started).isEmpty();
    }

    @Test
    void whatIsNotThereIsStopped() {
        manager.missing.add("gone.scope");
        try (Units units = units()) {
            units.stop("gone.scope");
        }
        assertThat(manager.stopped).isEmpty();
    }

    @Test
    void systemdsOwnWordsAreInTheError() {
        manager.refusal = "Slice=a.slice is not to my taste";
        try (Units units = units()) {
            assertThatThrownBy(() -> units.startScope(SCOPE))
                    .isInstanceOf(KernelFaultException.class)
                    .hasMessageContaining("not to my taste");
        }
    }

    @Test
    void withoutABusThereIsNoScope() {
        String nowhere = "unix:path=" + directory.resolve("none");
        try (Units units = new BusUnits(nowhere)) {
            assertThatThrownBy(() -> units.startScope(SCOPE))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining(nowhere);
        }
    }

    @Test
    void aBrokenConnectionIsMadeAgain() throws Exception {
        try (Units units = units()) {
            units.startScope(SCOPE);
            close();
            assertThatThrownBy(() -> units.stop("a-1.scope"))
                    .isInstanceOf(UnavailableException.class);
            bus();
            units.stop("a-1.scope");
        }
        assertThat(manager.stopped).isEqualTo(List.of("a-1.scope"));
    }

    @Test
    void manyAskAtOnce() throws Exception {
        var failure = new AtomicReference<Throwable>();
        try (Units units = units()) {
            List<Thread> threads =
                    java.util.stream.IntStream.range(0, 50)
                            .mapToObj(i ->
                                    Thread.ofVirtual()
                                            .uncaughtExceptionHandler((_, e) -> failure.set(e))
                                            .start(() ->
                                                    units.startScope(
                                                            new Scope(
                                                                    "a-%d.scope".formatted(i),
                                                                    "a.slice",
                                                                    "",
                                                                    i + 1))))
                            .toList();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(failure.get()).isNull();
        assertThat(manager.started).hasSize(50);
    }
}
