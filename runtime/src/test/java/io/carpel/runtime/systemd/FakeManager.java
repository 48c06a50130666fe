package io.carpel.runtime.systemd;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.systemd1.BadUnitSetting;
import org.freedesktop.systemd1.NoSuchUnit;
import org.freedesktop.systemd1.UnitExists;

/// systemd's manager as far as we ask it, on a bus of the test's own.
public final class FakeManager implements ManagerBus {
    final List<String> started = new CopyOnWriteArrayList<>();
    final List<String> stopped = new CopyOnWriteArrayList<>();
    final Map<String, Object> properties = new ConcurrentHashMap<>();
    final Set<String> existing = ConcurrentHashMap.newKeySet();
    final Set<String> failed = ConcurrentHashMap.newKeySet();
    final Set<String> missing = ConcurrentHashMap.newKeySet();
    final AtomicInteger reloads = new AtomicInteger();
    volatile String result = "done";
    volatile String refusal = "";
    volatile boolean ends = true;
    volatile boolean endsBeforeItAnswers;
    volatile boolean endsAnother;

    private final DBusConnection connection;
    private final AtomicInteger jobs = new AtomicInteger();

    FakeManager(DBusConnection connection) {
        this.connection = connection;
    }

    @Override
    public DBusPath startTransientUnit(
            String name, String mode, List<Property> given, List<Auxiliary> auxiliaries) {
        if (!refusal.isEmpty()) {
            throw new BadUnitSetting(refusal);
        }
        if (existing.contains(name)) {
            throw new UnitExists("Unit %s already exists.".formatted(name));
        }
        given.forEach(property -> properties.put(property.name, property.value.getValue()));
        started.add(name);
        return job(name);
    }

    @Override
    public DBusPath stopUnit(String name, String mode) {
        if (missing.contains(name)) {
            throw new NoSuchUnit("Unit %s not loaded.".formatted(name));
        }
        stopped.add(name);
        return job(name);
    }

    @Override
    public DBusPath restartUnit(String name, String mode) {
        if (missing.contains(name)) {
            throw new NoSuchUnit("Unit %s not found.".formatted(name));
        }
        started.add(name);
        return job(name);
    }

    @Override
    public void reload() {
        reloads.incrementAndGet();
    }

    @Override
    public void resetFailedUnit(String name) {
        if (failed.remove(name)) {
            existing.remove(name);
        }
    }

    /// An array property, whose elements come in one of the library's ways.
    List<Object> numbers(String property) {
        Object value = properties.get(property);
        return value instanceof List<?> list
                ? List.copyOf(list)
                : List.of((Object[]) java.util.Objects.requireNonNull(value));
    }

    private DBusPath job(String unit) {
        int number = jobs.incrementAndGet();
        if (endsBeforeItAnswers) {
            tell(number, unit);
        } else if (ends) {
            Thread.ofVirtual().start(() -> tell(number, unit));
        }
        if (endsAnother) {
            tell(number + 1000, "other.scope");
        }
        return path(number);
    }

    private static DBusPath path(int number) {
        return new DBusPath(PATH + "/job/" + number);
    }

    private void tell(int number, String unit) {
        try {
            connection.sendMessage(
                    new JobRemoved(PATH, new UInt32(number), path(number), unit, result));
        } catch (DBusException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String getObjectPath() {
        return PATH;
    }
}
