/// Registries: the distribution protocol, who may be asked for what, and with which credentials.
@NullMarked
package io.carpel.runtime.image.registry;

import org.jspecify.annotations.NullMarked;
