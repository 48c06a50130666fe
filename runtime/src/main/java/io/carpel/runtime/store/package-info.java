/// What is kept on disk, and where.
///
/// [io.carpel.runtime.store.StateLayout] is the only class that knows paths.
/// [io.carpel.runtime.store.RecordStore] keeps one versioned JSON record per object; a record is
/// written beside and renamed, so that a reader sees the old or the new one and never half of one.
/// Records lie on tmpfs with the kernel objects they describe and die with them, so nothing is
/// synced. [io.carpel.runtime.store.Trash] deletes what nobody should wait for.
/// [io.carpel.runtime.store.Announcer] is the one place where a change of state is told to whoever
/// listens, always after it was written and published.
@NullMarked
package io.carpel.runtime.store;

import org.jspecify.annotations.NullMarked;
