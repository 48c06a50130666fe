package org.freedesktop.systemd1;

import org.freedesktop.dbus.exceptions.DBusExecutionException;

/// Thrown by a fake manager: on the bus an error has the name of its exception's class.
public final class NoSuchUnit extends DBusExecutionException {
    private static final long serialVersionUID = 1;

    public NoSuchUnit(String message) {
        super(message);
    }
}
