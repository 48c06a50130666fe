/// Asks systemd over D-Bus to make scopes, to start and stop units and to read their files; nothing
/// else of systemd is used, and nobody else talks to the bus.
///
/// [Units] is the seam that tests replace; [BusUnits] is the real one, by dbus-java over the JDK's
/// own unix sockets. The library and the connection cost memory and time, so they are loaded only
/// when the systemd cgroup driver is in use, and by who installs the agent's own unit.
///
/// Next door: `cgroup` decides which scopes there are and what lies in them.
@NullMarked
package io.carpel.runtime.systemd;

import org.jspecify.annotations.NullMarked;
