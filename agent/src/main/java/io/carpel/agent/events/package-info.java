/// Changes of pods as a stream for clients that would rather be told than ask.
///
/// [io.carpel.agent.events.EventBroadcaster] listens to the managers' announcements, which come
/// after a change is visible, and hands each client its copy through a bounded queue. A client that
/// does not keep up is dropped: it connects again and asks once for everything, as after any
/// interruption.
@NullMarked
package io.carpel.agent.events;

import org.jspecify.annotations.NullMarked;
