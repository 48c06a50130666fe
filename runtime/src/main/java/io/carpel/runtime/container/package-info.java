/// Containers: one process tree each, with its own root, beside the shim that is its parent.
///
/// ```text
///            create              start                 exit
///   (none) ─────────▶ Created ──────────▶ Running ──────────────▶ Exited ──remove──▶ (none)
///                        │  start fails, or the init dies            ▲
///                        └───────────────────────────────────────────┘
///   Unknown: after a restart, when neither the shim nor its exit record can tell the truth
/// ```
///
/// `Exited` means that every process is gone, the output is drained and the exit code is final.
/// Snapshots are immutable and published after they were written; reading them never waits.
@NullMarked
package io.carpel.runtime.container;

import org.jspecify.annotations.NullMarked;
