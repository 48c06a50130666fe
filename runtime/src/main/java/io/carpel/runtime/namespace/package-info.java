/// The namespaces that the containers of a pod share.
///
/// [PodNamespaces] makes them, pins them, lets work run inside the network namespace and takes them
/// down. Without a user namespace a fresh thread does it; with one, or for a shared pid namespace,
/// a helper role of the shim does. [UserNamespaces] knows ranges of ids and the text of maps.
///
/// Invariant: nothing stays entered. Every change of namespace happens on a thread or process that
/// ends with the call; what remains are pins.
@NullMarked
package io.carpel.runtime.namespace;

import org.jspecify.annotations.NullMarked;
