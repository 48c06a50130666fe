/// The agent's own log: one line per event, as text or JSON, set up in code and without a
/// configuration file, since looking for one costs start-up time.
@NullMarked
package io.carpel.agent.log;

import org.jspecify.annotations.NullMarked;
