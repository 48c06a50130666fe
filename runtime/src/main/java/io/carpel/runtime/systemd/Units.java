package io.carpel.runtime.systemd;

import java.nio.file.Path;
import java.time.Duration;

/// What we want of a systemd manager. Safe for use by many threads; faked in tests.
public interface Units extends AutoCloseable {
    /// Where the bus listens on every distribution, dbus-daemon and dbus-broker alike.
    Path SYSTEM_BUS = Path.of("/run/dbus/system_bus_socket");

    /// The manager that is process 1, asked over the system bus. Connects with the first question.
    static Units ofHost() {
        return new BusUnits("unix:path=" + SYSTEM_BUS);
    }

    /// A manager on a bus that listens elsewhere, such as that of the host below a container's
    /// directory. Jobs may take as long as systemd lets a service start and stop by default.
    ///
    /// @param bus the socket
    static Units at(Path bus) {
        return new BusUnits("unix:path=" + bus, Duration.ofMinutes(3));
    }

    /// Makes a scope and moves a process into it; returns when that is done. The slices it lies in
    /// are made too where they are missing.
    ///
    /// @throws io.carpel.runtime.error.AlreadyExistsException when there is a unit of that name
    /// @throws io.carpel.runtime.error.KernelFaultException when systemd refuses, with its words
    /// @throws io.carpel.runtime.error.UnavailableException when the bus or systemd cannot be
    ///   reached
    /// @throws io.carpel.runtime.error.DeadlineExceededException when it takes longer than 30 s
    void startScope(Scope scope);

    /// Stops a unit with everything in it and returns when that is done. One that is not there
    /// counts as stopped. Failures as above.
    void stop(String unit);

    /// Starts a unit, anew when it runs, and returns when it says that it is ready. Failures as
    /// above.
    void restart(String unit);

    /// Makes systemd read its files again. Failures as above.
    void reload();

    @Override
    void close();

    /// A transient scope. Its cgroup is delegated: below it systemd changes nothing.
    ///
    /// @param name ends in `.scope`
    /// @param slice ends in `.slice`
    /// @param pid its first process, without which systemd makes no scope
    record Scope(String name, String slice, String description, int pid) {}
}
