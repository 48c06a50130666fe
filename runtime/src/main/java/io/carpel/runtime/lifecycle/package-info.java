/// How things begin, wait for each other and end.
///
/// [Rollback] undoes a half-made thing, [KeyedLocks] gives each object its own lock, [Closer] ends
/// in reverse what was opened in order, and [NamespaceThread] is the only place where a thread may
/// change its namespaces. Used by every room that makes something in the kernel or on disk.
@NullMarked
package io.carpel.runtime.lifecycle;

import org.jspecify.annotations.NullMarked;
