/// The host's network: chooses between CNI and the built-in bridge, per attach.
@NullMarked
package io.carpel.runtime.network.node;

import org.jspecify.annotations.NullMarked;
