/// Everything that can go wrong, as one sealed family.
///
/// The rooms above throw these unchecked; the agent's `StatusMapper` is the only place that turns
/// them into gRPC codes. Messages are lower case, name what was tried on what and why it failed,
/// and carry no secret. Checked kernel failures are `linux.ErrnoException` until a manager knows
/// which of these they mean.
@NullMarked
package io.carpel.runtime.error;

import org.jspecify.annotations.NullMarked;
