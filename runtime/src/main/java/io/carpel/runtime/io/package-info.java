/// Streams of processes, for whoever carries them to a client.
///
/// A [ProcessSession] is a command run in a container, or the container's own streams from now on.
/// The bytes come from the container's shim next door in `launch`; nothing is buffered here.
@NullMarked
package io.carpel.runtime.io;

import org.jspecify.annotations.NullMarked;
