/// Pure functions: CRI messages → the runtime's specs, and the runtime's snapshots → CRI messages.
///
/// Nothing here calls the kernel, waits or keeps state, so every rule can be tested with a request
/// and an expected result. All validation that needs no look at the host happens here; each error
/// names the field as the protocol spells it and the value. Sub-messages that are absent mean the
/// defaults: callers send sparse requests.
///
/// Next door, `agent.pod` calls these functions and keeps the serialised CRI configuration in the
/// spec's payload; the status translators read it back, so that labels and annotations return byte
/// for byte.
@NullMarked
package io.carpel.agent.translate;

import org.jspecify.annotations.NullMarked;
