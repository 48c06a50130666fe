/// The host we run on: what it can do, and the service manager that started us.
///
/// [KernelFeatures] is probed once at start, by trying rather than by version where trying is
/// cheap, and says in plain words what is missing, what that costs and how to mend it.
/// [HostCommand] runs a program of the host. [ServiceNotifier] tells systemd how we are. Used by
/// the root of this module and by the agent.
@NullMarked
package io.carpel.runtime.host;

import org.jspecify.annotations.NullMarked;
