/// The agent: the whole wiring, top to bottom.
@NullMarked
package io.carpel.agent;

import org.jspecify.annotations.NullMarked;
