/// Networks of sandboxes: the seam and what passes over it.
///
/// Two networks implement the seam: `.cni` runs plugins, `.bridge` makes bridge, veth pairs,
/// addresses and NAT itself without starting a process. `.node` puts them together and decides per
/// attach. Each of the two writes down what a sandbox was attached with before its first change to
/// the host, so that detach undoes exactly that: after a restart, after a change of configuration,
/// and after an attach that died half way.
///
/// Callers: `sandbox` (attach, detach, result), the root (wiring, reconcile at start), and whoever
/// answers "is the network ready" (status). Namespaces are made and pinned next door in
/// `namespace`; here they are only entered, by their pin.
///
/// Invariants: a record exists for every sandbox that may own something on the host; one sandbox is
/// attached or detached by one caller at a time (the sandbox's lock); no sandbox waits for the
/// plugins of another.
@NullMarked
package io.carpel.runtime.network;

import org.jspecify.annotations.NullMarked;
