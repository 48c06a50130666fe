/// The kernel, one interface per area and one `Linux*` class that binds it with JNA direct mapping.
///
/// Bindings are thin: encode, call, retry on EINTR, throw [ErrnoException]. No policy lives here,
/// and nothing outside this package uses `com.sun.jna`. Native buffers belong to one call and are
/// never shared between threads. A downcall pins its carrier thread, so what can wait in the kernel
/// is called from a platform thread by the rooms above. Fakes of the interfaces live in test code.
@NullMarked
package io.carpel.runtime.linux;

import org.jspecify.annotations.NullMarked;
