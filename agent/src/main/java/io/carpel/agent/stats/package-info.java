/// Numbers of containers and sandboxes in CRI's terms.
///
/// Reading them is one look at a few files of a control group each; nothing walks a tree, and a pod
/// that hangs delays nobody. The only state is the last sample of CPU time of each container and
/// sandbox, from which a rate is made.
@NullMarked
package io.carpel.agent.stats;

import org.jspecify.annotations.NullMarked;
