/// Sandboxes: the namespaces, files and network that containers share.
///
/// ```text
///            run                      stop, or its namespaces are gone
///   (none) ───────▶ Ready(since) ───────────────────────▶ NotReady(since, why) ──remove──▶ (none)
/// ```
///
/// A sandbox is listed only once it is ready; a failed run leaves nothing. Snapshots are immutable
/// and published after they were written, so reading them never waits for a lock.
@NullMarked
package io.carpel.runtime.sandbox;

import org.jspecify.annotations.NullMarked;
