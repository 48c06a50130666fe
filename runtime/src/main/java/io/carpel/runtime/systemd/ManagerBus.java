package io.carpel.runtime.systemd;

import java.util.List;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.annotations.DBusMemberName;
import org.freedesktop.dbus.annotations.Position;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.Variant;

/// Public because the library calls through it. The few members of
/// `org.freedesktop.systemd1.Manager` that we use, org.freedesktop.systemd1(5).
@DBusInterfaceName("org.freedesktop.systemd1.Manager")
public interface ManagerBus extends DBusInterface {
    String BUS_NAME = "org.freedesktop.systemd1";
    String PATH = "/org/freedesktop/systemd1";

    /// @param mode what becomes of conflicting jobs, such as `replace`
    /// @return the job, whose end [JobRemoved] tells
    @DBusMemberName("StartTransientUnit")
    DBusPath startTransientUnit(
            String name, String mode, List<Property> properties, List<Auxiliary> auxiliaries);

    @DBusMemberName("StopUnit")
    DBusPath stopUnit(String name, String mode);

    @DBusMemberName("RestartUnit")
    DBusPath restartUnit(String name, String mode);

    @DBusMemberName("Reload")
    void reload();

    @DBusMemberName("ResetFailedUnit")
    void resetFailedUnit(String name);

    /// `(sv)`
    final class Property extends Struct {
        @Position(0)
        public final String name;

        @Position(1)
        public final Variant<?> value;

        public Property(String name, Variant<?> value) {
            this.name = name;
            this.value = value;
        }
    }

    /// `(sa(sv))`; always none, but the signature of the call wants the type.
    final class Auxiliary extends Struct {
        @Position(0)
        public final String name;

        @Position(1)
        public final List<Property> properties;

        public Auxiliary(String name, List<Property> properties) {
            this.name = name;
            this.properties = properties;
        }
    }

    /// A job has ended. The library makes it, by this constructor.
    final class JobRemoved extends DBusSignal {
        private final String unit;
        private final String result;

        public JobRemoved(String path, UInt32 id, DBusPath job, String unit, String result)
                throws DBusException {
            super(path, id, job, unit, result);
            this.unit = unit;
            this.result = result;
        }

        String unit() {
            return unit;
        }

        /// `done`, `failed`, `canceled`, `timeout`, `dependency`, `skipped`.
        String result() {
            return result;
        }
    }
}
