/// Networks made by plugins of the Container Network Interface, versions 0.3.1 to 1.1.0.
///
/// The only room of the network that starts processes.
@NullMarked
package io.carpel.runtime.network.cni;

import org.jspecify.annotations.NullMarked;
