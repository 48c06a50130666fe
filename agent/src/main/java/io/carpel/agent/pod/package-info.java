/// Pods in the kubelet's terms, on top of sandboxes and containers in the runtime's.
///
/// What is here: names (a pod's metadata is unique, and the same metadata again is a retry), ids by
/// prefix, filters, and the keeping of CRI's own words in the payload of specs. What is next door:
/// `agent.translate` has the field-by-field rules, `agent.cri` the gRPC side, `runtime.sandbox` and
/// `runtime.container` do the work.
///
/// Invariants: a name is held from before the work until the object is removed, and freed when the
/// work fails; nothing here waits while holding a lock; lists are taken from snapshots, so that a
/// pod that hangs delays nobody.
@NullMarked
package io.carpel.agent.pod;

import org.jspecify.annotations.NullMarked;
