/// From a finished specification to a running process.
///
/// [LaunchPlanner] is a pure function: everything is decided there and written down as a
/// [LaunchPlan], a list of [Op]s that each stand for about one system call. [ShimLauncher] starts a
/// shim (`runtime/src/main/c`), hands the plan over and gives back a [ShimConnection]. The shim is
/// the container's parent: it lives on when this process ends, and [ShimLauncher#connect] finds it
/// again. Next door: `namespace` makes the namespaces that a plan joins (by [HelperRoles] when they
/// belong to a user namespace), `container` decides what is launched and keeps the records.
///
/// Invariants: a plan never holds a question for the shim to answer; a failed launch leaves no
/// process; every wait has a deadline.
@NullMarked
package io.carpel.runtime.launch;

import org.jspecify.annotations.NullMarked;
