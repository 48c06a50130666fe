/// What is being done at this moment, and what may take for ever.
///
/// Calls on a pod can hang: a network plugin that never ends, a file server that never answers, a
/// frozen process. [WorkBoard] shows who waits for what and since when; reading it never waits.
/// [SlowCalls] runs what may hang in the kernel on threads of its own, few of them, so that nobody
/// else's thread is lost with it. [Turns] lets one call at a time work on an object. [Janitor] goes
/// on clearing away what could not be cleared away at once. Used by every room that works on an
/// object; the agent shows the board.
@NullMarked
package io.carpel.runtime.work;

import org.jspecify.annotations.NullMarked;
